IO.puts("before")
raise ArgumentError, "script fails"
