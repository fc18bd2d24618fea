package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
)

func main() {
	if os.Getenv(roleVariable) != "" {
		service()
		return
	}
	out := flag.String("o", filepath.Join("docs", "scale.md"), "file to write")
	quick := flag.Bool("quick", false, "measure little, to see that it works")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	cases, rounds := all, 7
	if *quick {
		cases, rounds = some, 2
	}
	err := func() error {
		results, err := measure(ctx, cases, rounds)
		if err != nil {
			return err
		}
		page := write(results, rounds)
		fmt.Print(page)
		return os.WriteFile(*out, []byte(page), 0o644)
	}()
	if err != nil {
		fmt.Fprintln(os.Stderr, "scalebench:", err)
		os.Exit(1)
	}
}
