defmodule MyErr do
  defexception [:code, message: "my default"]
end
defmodule E2 do
  defexception [:v]
  @impl true
  def message(e), do: "value #{inspect(e.v)}"
  @impl true
  def exception(v), do: %E2{v: v}
end
run = fn f ->
  try do
    f.()
  rescue
    e in [MyErr] -> {:my, e.code, e.message}
    e in E2 -> {:e2, Exception.message(e)}
    e in ArithmeticError -> {:arith, e.message}
    e -> {e.__struct__, Exception.message(e)}
  catch
    :throw, x -> {:thrown, x}
    :exit, x -> {:exit, x}
  else
    v -> {:value, v}
  after
    IO.write(".")
  end
end
Enum.each([
  fn -> 1 end, fn -> raise "msg" end, fn -> raise MyErr end, fn -> raise MyErr, code: 7, message: "x" end, fn -> raise E2, [1, 2] end,
  fn -> 1 / String.length("") end, fn -> throw(:ball) end, fn -> exit(:bye) end, fn -> String.to_integer("x") end, fn -> hd(Process.get(:none, [])) end,
  fn -> Map.fetch!(%{}, :k) end, fn -> apply(Foo.Bar, :baz, [1]) end, fn -> apply(Enum, :nofun, []) end,
  fn -> :erlang.error(:custom) end, fn -> {:ok, _} = List.first([:err]) end, fn -> case List.first([5]) do 1 -> 1 end end, fn -> cond do is_nil(5) -> 1 end end,
  fn -> with {:ok, x} <- List.first([:no]) do x else {:never} -> 1 end end, fn -> raise ArgumentError end, fn -> Keyword.fetch!([], :a) end, fn -> %{}.x end,
  fn -> Integer.parse(:a) end, fn -> File.read!("nofile") end, fn -> Enum.fetch!([1], 5) end, fn -> String.to_existing_atom("no such atom at all") end,
  fn -> Process.exit(spawn(fn -> :ok end), :normal); :still end, fn -> struct!(URI, zzz: 1) end, fn -> :maps.get(1, %{}) end, fn -> raise struct(MyErr, code: 3) end,
  fn -> Code.eval_string("1 +") end, fn -> Date.from_iso8601!("2024-13-01") end, fn -> if :a.b, do: 1 end, fn -> not List.first([1]) end, fn -> List.first([nil]) and true end
], fn f -> IO.inspect(run.(f)) end)
try do
  raise "outer"
rescue
  e -> IO.puts(Exception.format(:error, e, [{Foo, :bar, 2, [file: ~c"foo.ex", line: 3]}]))
end
IO.puts(Exception.format_banner(:exit, {:timeout, {GenServer, :call, [:x, :y, 5000]}}))
IO.puts(Exception.format_exit({:noproc, {GenServer, :call, [:x, :y, 5000]}}))
IO.puts(Exception.format_exit({%RuntimeError{message: "m"}, []}))
IO.puts(Exception.format_mfa(Foo, :"bar baz", [1, :a]))
IO.inspect(try do reraise "again", [{A, :b, 1, []}] rescue _ -> hd(__STACKTRACE__) end)
IO.inspect(Exception.blame(:error, :badarg, []) |> elem(0))
