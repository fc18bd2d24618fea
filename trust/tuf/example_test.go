package tuf_test

import (
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/seed-3d078585/overseer/trust/tuf"
)

// The policy goes into Config.Trust of the program, which gives it a memory. A
// program has the root built in, with go:embed; this one reads a file.
func ExampleNew() {
	root, err := os.ReadFile("root.json")
	if err != nil {
		log.Fatal(err)
	}
	policy, err := tuf.New(tuf.Options{
		Root:        root,
		MetadataURL: "https://releases.example.com/metadata/",
		Target:      "app-{os}-{arch}",
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(policy.Name())
}

func ExampleNew_withoutRoot() {
	_, err := tuf.New(tuf.Options{MetadataURL: "https://releases.example.com/metadata/", Target: "app"})
	fmt.Println(err)
	// Output: tuf.Options.Root is empty: pin the repository's root.json, a policy without one trusts nobody
}

// What an operator does about a refusal depends on which one it is.
func ExamplePolicy_Vouch() {
	advice := func(err error) string {
		switch {
		case errors.Is(err, tuf.ErrUnreachable):
			return "wait"
		case errors.Is(err, tuf.ErrExpired):
			return "sign the repository anew"
		case errors.Is(err, tuf.ErrNoTarget), errors.Is(err, tuf.ErrUnbound):
			return "publish the target"
		}
		return "find out who serves this"
	}
	err := fmt.Errorf("as trust.Check returns it: %w", tuf.ErrExpired)
	fmt.Println(advice(err))
	// Output: sign the repository anew
}
