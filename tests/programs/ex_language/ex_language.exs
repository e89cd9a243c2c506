defmodule Lang do
  @moduledoc "docs"
  @attr [1, 2, 3]
  Module.register_attribute(__MODULE__, :acc, accumulate: true)
  @acc :a
  @acc :b
  defmacro unless2(c, do: b), do: quote(do: if(!unquote(c), do: unquote(b)))
  defmacro dbl(x) do
    quote bind_quoted: [x: x] do
      {x, x}
    end
  end
  defguard is_small(x) when is_integer(x) and x < 10
  def f(x \\ 1, y \\ 2), do: {x, y}
  def g(x) when is_small(x), do: :small
  def g(x) when x in 10..20, do: :mid
  def g(x) when is_binary(x) or is_atom(x), do: :text
  def g(_), do: :other
  def attrs, do: {@attr, @acc}
  def pipe(x), do: x |> Kernel.+(1) |> then(&(&1 * 2)) |> tap(fn v -> send(self(), v) end)
  def fact(0), do: 1
  def fact(n), do: n * fact(n - 1)
  def with_(m) do
    with {:ok, a} <- Map.fetch(m, :a), b when is_integer(b) <- a, c = b * 2, true <- c > 5 do
      {:ok, c}
    else
      :error -> :missing
      false -> :small
      other -> {:bad, other}
    end
  end
  for {n, v} <- [one: 1, two: 2] do
    def unquote(n)(), do: unquote(v)
  end
  defp private, do: :p
  def call_private, do: private()
  defdelegate rev(l), to: Enum, as: :reverse
  defmodule Inner do
    def x, do: __MODULE__
  end
end
defmodule Main do
  def run do
    import Lang, only: [unless2: 2, dbl: 1]
    IO.inspect({Lang.f(), Lang.f(5), Lang.f(5, 6)})
    IO.inspect(Enum.map([1, 15, "s", :a, 30, 1.5], &Lang.g/1))
    IO.inspect(Lang.attrs())
    IO.inspect(Lang.pipe(4))
    IO.inspect(Lang.fact(30))
    IO.inspect(Enum.map([%{}, %{a: 1}, %{a: 5}, %{a: "x"}], &Lang.with_/1))
    IO.inspect({Lang.one(), Lang.two(), Lang.call_private(), Lang.rev([1, 2]), Lang.Inner.x()})
    IO.inspect(unless2(false, do: :ran))
    IO.inspect(dbl(1 + 2))
    IO.inspect(cond do
      1 > 2 -> :no
      true -> :yes
    end)
    IO.inspect(case {1, [2, 3]} do
      {x, [x | _]} -> {:same, x}
      {_, [h | t]} when h > 1 -> {h, t}
    end)
    {a, b} = {1, 2}
    [h | _] = [a, b]
    IO.inspect(^h = 1)
    IO.inspect(if nil, do: 1)
    IO.inspect(nil || false || :default)
    IO.inspect(1 && 2)
    IO.inspect("#{:a}#{1.0}#{[?x]}#{nil}")
    IO.inspect(<<1::size(4), 2::4, 3::little-16, "x"::binary, 1.5::float-32>>)
    <<x::4, y::bitstring>> = <<0xAB, 0xCD>>
    IO.inspect({x, y})
    IO.inspect(fn 0 -> :zero; n when n > 0 -> :pos; _ -> :neg end |> then(&Enum.map([0, 1, -1], &1)))
    IO.inspect((&(&1 + &2)).(1, 2))
    IO.inspect(Code.eval_string("a + b", a: 1, b: 2))
    IO.inspect(Code.string_to_quoted!("foo(1, x)"))
    IO.inspect(Macro.expand_once(quote(do: unless(x, do: y)), __ENV__) |> Macro.to_string())
    IO.inspect(~s(a "quoted" #{1 + 1}))
    IO.inspect(~S(raw #{x}))
    IO.inspect("""
    heredoc
      indented
    """)
    IO.inspect(~w(one two)c)
    IO.inspect(__MODULE__)
    IO.inspect(Lang.__info__(:functions) |> Keyword.keys() |> Enum.uniq())
    IO.inspect(function_exported?(Lang, :f, 2))
    IO.inspect(Function.info(&Lang.f/1, :arity))
    IO.inspect(Integer.digits(12345) ++ [Integer.gcd(12, 18), Integer.pow(2, 70), Integer.floor_div(-7, 2), Integer.mod(-7, 2), div(-7, 2), rem(-7, 2)])
    IO.inspect([Float.round(1.2345, 2), Float.ceil(1.1), Float.ratio(0.75), 1.0 == 1, 1.0 === 1, 7 / 2, trunc(-1.5), round(2.5)])
    import Bitwise
    IO.inspect([5 &&& 3, 5 ||| 3, bxor(5, 3), 1 <<< 70, -8 >>> 1, bnot(5)])
    IO.inspect([1, 2] ++ [3] -- [2])
    IO.inspect(:a < "b" and 1 < :a)
    IO.inspect(for(n <- 1..3, do: n) |> Enum.reverse() |> hd())
    IO.inspect(Atom.to_string(:"a b") <> Integer.to_string(255, 2))
    defmodule Beh do
      @callback cb(integer) :: atom
      @optional_callbacks cb: 1
    end
    defmodule Impl do
      @behaviour Beh
      @impl true
      def cb(_), do: :ok
      use Agent
    end
    IO.inspect(Beh.behaviour_info(:callbacks))
    IO.inspect(Impl.child_spec([]).id)
  end
end
Main.run()
