defmodule SmallTest do
  use ExUnit.Case, async: true
  doctest Small

  describe "words" do
    test "of nothing", do: assert(Small.words("") == %{})
    test "of one", do: assert(Small.words("one") == %{"one" => 1})
    test "are counted", do: assert(Small.words("b a b")["b"] == 2)
    test "ignore space", do: assert(map_size(Small.words(" a \n b ")) == 2)
  end

  describe "fibonacci" do
    for {n, last} <- [{1, 0}, {2, 1}, {10, 34}, {30, 514_229}] do
      test "number #{n}", do: assert(List.last(Small.fibonacci(unquote(n))) == unquote(last))
    end
  end

  describe "parse" do
    test "takes a name and an age" do
      assert {:ok, %{name: "Ada", age: age}} = Small.parse("Ada, 36")
      assert age > 30 and age < 40
    end

    test "refuses what lacks an age", do: assert({:error, :format} = Small.parse("Ada"))
    test "refuses words as age", do: assert(Small.parse("Ada,old") == {:error, :format})
    test "trims", do: assert(match?({:ok, %{name: "Ada"}}, Small.parse("  Ada ,1")))
  end
end

defmodule SmallCounterTest do
  use ExUnit.Case

  setup do
    {:ok, pid: start_supervised!({Small.Counter, 1})}
  end

  test "starts with its value", %{pid: pid}, do: assert(Small.Counter.value(pid) == 1)

  test "adds", %{pid: pid} do
    for n <- 1..100, do: Small.Counter.add(pid, n)
    assert Small.Counter.value(pid) == 5051
  end

  test "is a process", %{pid: pid} do
    ref = Process.monitor(pid)
    stop_supervised!(Small.Counter)
    assert_receive {:DOWN, ^ref, :process, ^pid, _}
  end

  test "answers tasks", %{pid: pid} do
    all = 1..10 |> Enum.map(fn _ -> Task.async(fn -> Small.Counter.value(pid) end) end) |> Task.await_many()
    assert Enum.uniq(all) == [1]
  end

  test "crashes of others are seen" do
    Process.flag(:trap_exit, true)
    pid = spawn_link(fn -> exit(:oops) end)
    assert_receive {:EXIT, ^pid, :oops}
    refute_received {:EXIT, _, _}
  end

  test "errors are raised", do: assert_raise(ArgumentError, fn -> String.to_existing_atom("no such atom here") end)
end
