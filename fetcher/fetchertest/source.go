// Package fetchertest tells whether a source of releases keeps the promises of
// package fetcher:
//
//   - what was published is offered whole, and the reader ends with io.EOF;
//   - it is offered again until the consumer has taken it, and not after that;
//   - the next release is offered once it is there;
//   - bytes that break off or change while they are read are an error, are not
//     remembered, and are offered again;
//   - a source that can be stopped stops promptly, and works on afterwards;
//   - more bytes than the source's bound are an error;
//   - what a candidate claims of its bytes is true;
//   - after [fetcher.ErrAgain] the source goes another way, at once;
//   - nothing is left in the directory that the host gave it.
//
// A test of a fetcher calls [Test] with a function that sets one up. [TestPlace]
// does the same for a [fetcher.Place].
package fetchertest

import "github.com/seed-3d078585/overseer/fetcher"

// A Source is a fetcher under test and what drives the place it fetches from.
// Where an optional field is nil, the tests that need it are skipped.
type Source struct {
	// Fetcher is new: Test calls Init. Its interval is a millisecond or so,
	// its bounds are small.
	Fetcher fetcher.Interface

	// Publish makes program the newest release. It may replace one. The
	// programs are about 300 kB.
	Publish func(program []byte)

	// Cut makes the bytes of the next Fetch that offers any break off before
	// their end, so that the fetcher cannot mend it; later ones are whole.
	// Optional.
	Cut func()

	// Change is called while a reader is in use: what is published becomes
	// another release under the reader's hands, and program is that one.
	// The reader must fail, or give its own release whole. Optional.
	Change func(program []byte)

	// Stall makes the place take questions and not answer them. It returns a
	// channel that is closed when a question was taken, and a function that
	// ends the stall. Optional; for a fetcher.ContextFetcher.
	Stall func() (asked <-chan struct{}, end func())

	// Again publishes program so that the way that the fetcher goes first
	// yields bytes and then fails, and another one stands: a delta that leads
	// to other bytes, say. Optional.
	Again func(program []byte)

	// Host is what the fetcher is told of its host, where it is a
	// [fetcher.HostFetcher]. Scratch is set by the test.
	Host fetcher.Host

	// Flood publishes a release larger than the fetcher's bound. Optional.
	Flood func()
}
