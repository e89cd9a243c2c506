defmodule Shape do
  defstruct name: "none", sides: 0
  def new(n, s), do: %__MODULE__{name: n, sides: s}
end
defprotocol Area do
  @fallback_to_any true
  def area(x)
end
defmodule Sq do
  defstruct [:w]
  @enforce_keys []
end
defmodule Circ do
  @derive {Inspect, only: [:r]}
  defstruct r: 1, secret: "x"
  defimpl Area do
    def area(%{r: r}), do: 3 * r * r
  end
end
defimpl Area, for: Sq do
  def area(%Sq{w: w}), do: w * w
end
defimpl Area, for: [Integer, Float] do
  def area(x), do: x
end
defimpl Area, for: Any do
  def area(_), do: :unknown
end
defimpl String.Chars, for: Shape do
  def to_string(s), do: "#{s.name}/#{s.sides}"
end
defimpl Enumerable, for: Shape do
  def count(s), do: {:ok, s.sides}
  def member?(_, _), do: {:error, __MODULE__}
  def slice(_), do: {:error, __MODULE__}
  def reduce(s, acc, f), do: Enumerable.List.reduce(Enum.to_list(1..s.sides), acc, f)
end
defimpl Inspect, for: Sq do
  import Inspect.Algebra
  def inspect(s, opts), do: concat(["#Sq<", to_doc(s.w, opts), ">"])
end
defimpl Collectable, for: Shape do
  def into(s), do: {s, fn s, {:cont, _} -> %{s | sides: s.sides + 1}; s, :done -> s; _, :halt -> :ok end}
end
defmodule Main do
  def run do
    s = Shape.new("tri", 3)
    IO.inspect(s)
    IO.puts("#{s}")
    IO.inspect(Enum.map(s, &(&1 * 10)))
    IO.inspect(Enum.count(s))
    IO.inspect(Enum.into([1, 2], s))
    IO.inspect(%Sq{w: [1, 2]})
    IO.inspect(%Circ{r: 2})
    IO.inspect(Enum.map([%Sq{w: 3}, %Circ{r: 2}, 5, 2.5, "str", %{}], &Area.area/1))
    IO.inspect(Area.impl_for(%Sq{}))
    IO.inspect(%{s | sides: 4} == %Shape{name: "tri", sides: 4})
    IO.inspect(is_struct(s, Shape))
    IO.inspect(try do struct!(Shape, bad: 1) rescue e -> Exception.message(e) end)
    IO.inspect(struct(Shape, bad: 1, sides: 9))
    IO.inspect(Map.keys(s) |> Enum.sort())
    %Shape{sides: n} = s
    IO.inspect(n)
    IO.inspect(try do Enum.count(%Sq{}) rescue e -> Exception.message(e) |> String.split(".") |> hd() end)
    IO.inspect(try do to_string(%Sq{}) rescue e in Protocol.UndefinedError -> e.protocol end)
  end
end
Main.run()
