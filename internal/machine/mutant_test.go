package machine

// A mutation is a machine with a deliberate bug: it steps the world's machine
// and changes what comes of it.
type mutation func(*world, Event) []Effect
