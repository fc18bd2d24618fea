package trust_test

import (
	"fmt"

	"github.com/seed-3d078585/overseer/trust"
)

// A program that is upgraded by manifests which one of two keys has signed.
func ExampleMinisign() {
	policy := trust.Minisign(
		"RWSHnDLHerb5rO89UxPzIeluJNK5tYKzmCUR61IHN55ZyBSHsbe/e67G",
		// The key that replaces it, of which the secret half is in the safe.
		"RWTIGNfH5Hm4qV/c807SmPjcuVgU0s7UyybDAEtON4t9A9iS4JLrWDxA",
	).For("app", "stable").Running("1.4.0")
	fmt.Println(policy.Check())
	// Output: <nil>
}

// A key that is pinned to nothing might sign another product too.
func ExampleSigned_For() {
	policy := trust.Minisign("RWSHnDLHerb5rO89UxPzIeluJNK5tYKzmCUR61IHN55ZyBSHsbe/e67G")
	fmt.Println(policy.Check() != nil)
	fmt.Println(policy.For("app", "stable").Check())
	// Output:
	// true
	// <nil>
}

// Two of three people sign the list of release keys; which of those sign
// manifests is no affair of the program that runs.
func ExampleRoot() {
	policy := trust.Root(
		"RWSHnDLHerb5rO89UxPzIeluJNK5tYKzmCUR61IHN55ZyBSHsbe/e67G",
		"RWTIGNfH5Hm4qV/c807SmPjcuVgU0s7UyybDAEtON4t9A9iS4JLrWDxA",
		"RWR5wSucYRrIeJJmjhjnREroZ0zqsi4+Yh9UhmbhfJlURIziauXIHdKO",
	).Threshold(2).For("app", "stable")
	fmt.Println(policy.Name(), policy.Check())
	// Output: root app/stable <nil>
}

// Both have to let a release in: the publisher by its signature, and a policy of
// one's own.
func ExampleAllOf() {
	policy := trust.AllOf(
		trust.Minisign("RWSHnDLHerb5rO89UxPzIeluJNK5tYKzmCUR61IHN55ZyBSHsbe/e67G").For("app", "stable"),
		officeHours{},
	)
	fmt.Println(policy.Name())
	// Output: all of(minisign app/stable, office hours)
}
