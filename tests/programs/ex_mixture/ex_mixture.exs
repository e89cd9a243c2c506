# Small classic programs in one file.
defmodule Life do
  def step(cells) do
    cells
    |> Enum.flat_map(fn {x, y} -> for dx <- -1..1, dy <- -1..1, do: {{x + dx, y + dy}, dx == 0 and dy == 0} end)
    |> Enum.group_by(&elem(&1, 0), &elem(&1, 1))
    |> Enum.filter(fn {_, l} -> alive = true in l; n = Enum.count(l, &(not &1)); n == 3 or (alive and n == 2) end)
    |> MapSet.new(&elem(&1, 0))
  end
  def show(cells), do: for(y <- 0..5, do: IO.puts(for x <- 0..9, do: if({x, y} in cells, do: ?#, else: ?.)))
end
glider = MapSet.new([{1, 0}, {2, 1}, {0, 2}, {1, 2}, {2, 2}])
Life.show(Enum.reduce(1..8, glider, fn _, c -> Life.step(c) end))
defmodule Primes do
  def sieve(n), do: do_sieve(Enum.to_list(2..n), [])
  defp do_sieve([], acc), do: Enum.reverse(acc)
  defp do_sieve([p | rest], acc), do: do_sieve(Enum.reject(rest, &(rem(&1, p) == 0)), [p | acc])
end
IO.inspect(Primes.sieve(100))
text = "the quick brown fox jumps over the lazy dog the end"
text |> String.split() |> Enum.frequencies() |> Enum.sort_by(fn {w, c} -> {-c, w} end) |> Enum.take(3) |> IO.inspect()
defmodule Calc do
  def eval(s), do: s |> tokens([]) |> expr() |> elem(0)
  defp tokens("", acc), do: Enum.reverse(acc)
  defp tokens(<<c, r::binary>>, acc) when c in ~c" ", do: tokens(r, acc)
  defp tokens(<<c, _::binary>> = s, acc) when c in ?0..?9, do: (with({n, r} <- Integer.parse(s), do: tokens(r, [n | acc])))
  defp tokens(<<c, r::binary>>, acc), do: tokens(r, [<<c>> | acc])
  defp expr(ts), do: loop(term(ts), ["+", "-"], &term/1)
  defp term(ts), do: loop(factor(ts), ["*", "/"], &factor/1)
  defp loop({v, [op | r]} = s, ops, f) do
    if op in ops do
      {v2, r2} = f.(r)
      loop({op(op, v, v2), r2}, ops, f)
    else
      s
    end
  end
  defp loop(s, _, _), do: s
  defp factor(["(" | r]) do
    {v, [")" | r2]} = expr(r)
    {v, r2}
  end
  defp factor([n | r]) when is_integer(n), do: {n, r}
  defp op("+", a, b), do: a + b
  defp op("-", a, b), do: a - b
  defp op("*", a, b), do: a * b
  defp op("/", a, b), do: div(a, b)
end
IO.inspect(Enum.map(["1+2*3", "(1+2)*3", "100/7-2", "2*(3+4)*5"], &Calc.eval/1))
defmodule Bank do
  use GenServer
  def init(b), do: {:ok, b}
  def handle_call({:deposit, n}, _, b) when n > 0, do: {:reply, {:ok, b + n}, b + n}
  def handle_call({:withdraw, n}, _, b) when n <= b, do: {:reply, {:ok, b - n}, b - n}
  def handle_call({:withdraw, _}, _, b), do: {:reply, {:error, :funds}, b}
end
{:ok, b} = GenServer.start_link(Bank, 100)
IO.inspect(Enum.map([deposit: 50, withdraw: 200, withdraw: 150], &GenServer.call(b, &1)))
1..100 |> Enum.map(fn i -> Task.async(fn -> GenServer.call(b, {:deposit, i}) end) end) |> Enum.each(&Task.await/1)
IO.inspect(:sys.get_state(b))
fizz = fn n -> case {rem(n, 3), rem(n, 5)} do {0, 0} -> "FizzBuzz"; {0, _} -> "Fizz"; {_, 0} -> "Buzz"; _ -> n end end
IO.puts(Enum.map_join(1..15, " ", fizz))
{time, v} = :timer.tc(fn -> Enum.reduce(1..100_000, 0, &(&1 + &2)) end)
IO.inspect({is_integer(time), v})
memo = fn memo, n -> case Process.get(n) do nil -> v = if(n < 2, do: n, else: memo.(memo, n - 1) + memo.(memo, n - 2)); Process.put(n, v); v; v -> v end end
IO.inspect(memo.(memo, 90))
