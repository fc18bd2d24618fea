// Package cli has the commands by which a person or a script looks at a running
// master and steers it: status, events, restart, upgrade, rollback and so on. They
// are a value, so that a program has them too: command overseer is one user of
// this package, overseer.HandleCLI another.
//
// It promises:
//
//   - The process is found. Without a flag it is the only master that runs; where
//     there are several all are listed, with what to add.
//   - An order is followed to its end, and the exit code says how that was.
//   - Whatever a person reads a script can have: --json, in the shapes of package
//     admin. They are kept: members are added, never renamed.
//   - What a program or a stranger wrote never steers the terminal: control
//     characters are not printed.
//
// The smallest use:
//
//	os.Exit(cli.Main(ctx, cli.Standard("overseer"), os.Args[1:]))
package cli
