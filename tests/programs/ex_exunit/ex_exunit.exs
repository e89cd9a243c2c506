ExUnit.start(autorun: false, seed: 0, colors: [enabled: false])
defmodule SomeTest do
  use ExUnit.Case
  setup do
    {:ok, n: 41}
  end
  test "passes", %{n: n} do
    assert n + 1 == 42
    refute n == 42
  end
  test "raises" do
    assert_raise ArithmeticError, fn -> 1 / String.length("") end
  end
  test "messages" do
    send(self(), {:msg, 1})
    assert_receive {:msg, x} when x > 0
    refute_received :none
  end
  @tag :skip
  test "skipped", do: flunk("never")
  describe "group" do
    setup do: {:ok, k: :v}
    test "context", ctx do
      assert ctx.k == :v
      assert ctx.describe == "group"
    end
  end
end
r = ExUnit.CaptureIO.capture_io(fn -> Process.put(:r, ExUnit.run()) end)
IO.inspect(Process.get(:r) |> Enum.sort())
IO.inspect(r =~ "5 tests, 0 failures, 1 skipped")
