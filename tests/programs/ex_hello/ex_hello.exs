IO.puts("hello from elixir")
IO.inspect([1, :two, "three", 4.0, {5, nil}, true])
IO.puts("sum: #{Enum.sum(1..100)}")
IO.inspect(System.argv())
