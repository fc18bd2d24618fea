package demo

// self returns a path to the bytes that this process runs. A candidate on trial
// runs from elsewhere than the installed path, by which it is called.
func self() (string, error) { return "/proc/self/exe", nil }
