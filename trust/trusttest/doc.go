// Package trusttest makes releases, honest ones and forged ones, for tests of
// whatever decides about them.
//
// A [Publisher] has keys and makes whole release directories: signed manifests,
// packed programs, patches, key lists. [Forgeries] are attacks on them, each
// served over HTTP beside a host that has already seen an honest release; so
// data that never ends, or never comes, is among them.
//
// A policy of one's own is tested by [Suite], with the attacks that a policy
// alone can tell. A whole pipeline is tested by serving each attack to it:
//
//	for _, f := range trusttest.Forgeries() {
//		t.Run(f.Name, func(t *testing.T) {
//			p := trusttest.NewPublisher(t, "app")
//			honest := p.History() // serve it, and let the host take it
//			forged := f.Make(p)   // serve it at the same URL
//			// The host still has the program that it took, or p.Latest(),
//			// and only the former where f.Refused.
//		})
//	}
package trusttest
