# Required in front of an Elixir application's own tests: ExUnit tells this of each test that ends, beside its usual
# output (which ExUnit's own tests read). CONFORM_RESULTS names the file: "Result<TAB>Module<TAB>Test" a line.
defmodule Conform.Formatter do
  use GenServer

  def init(_options), do: {:ok, System.fetch_env!("CONFORM_RESULTS")}

  def handle_cast({:test_finished, %{name: name, module: module, state: state}}, file) do
    one_line = name |> Atom.to_string() |> String.replace(~r/\s+/, " ")
    File.write!(file, "#{result(state)}\t#{inspect(module)}\t#{one_line}\n", [:append])
    {:noreply, file}
  end

  def handle_cast(_, file), do: {:noreply, file}

  defp result(nil), do: "ok"
  defp result({kind, _}) when kind in [:skipped, :excluded], do: "skip"
  defp result(_), do: "fail"
end

Application.load(:ex_unit)
# One order on both engines; few at a time, so that limits of time mean something on a small machine.
Application.put_env(:ex_unit, :formatters, [ExUnit.CLIFormatter, Conform.Formatter])
Application.put_env(:ex_unit, :seed, 0)
Application.put_env(:ex_unit, :max_cases, 2)
