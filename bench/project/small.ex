defmodule Small do
  @moduledoc "What the tests of `work_mix_test` are about."

  @doc """
  Counts words.

      iex> Small.words("a b a")
      %{"a" => 2, "b" => 1}
  """
  def words(text), do: text |> String.split() |> Enum.frequencies()

  @doc """
  The first Fibonacci numbers.

      iex> Small.fibonacci(5)
      [0, 1, 1, 2, 3]
  """
  def fibonacci(n), do: {0, 1} |> Stream.unfold(fn {a, b} -> {a, {b, a + b}} end) |> Enum.take(n)

  def parse(text) do
    with [name, age] <- String.split(text, ","), {n, ""} <- Integer.parse(String.trim(age)) do
      {:ok, %{name: String.trim(name), age: n}}
    else
      _ -> {:error, :format}
    end
  end
end

defmodule Small.Counter do
  use GenServer

  def start_link(n), do: GenServer.start_link(__MODULE__, n)
  def add(pid, n), do: GenServer.cast(pid, {:add, n})
  def value(pid), do: GenServer.call(pid, :value)

  @impl true
  def init(n), do: {:ok, n}
  @impl true
  def handle_cast({:add, n}, s), do: {:noreply, s + n}
  @impl true
  def handle_call(:value, _from, s), do: {:reply, s, s}
end
