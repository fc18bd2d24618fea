package usage

// Trim gives back what is resident of the code and the constants of this process:
// pages of the program's file that were touched once, and as many beside each
// (the kernel maps 64 KiB at a time). What is needed again is mapped again, from
// the page cache and without a read. Processes of the same file share these pages
// anyway; but who looks at a process, as the kernel does when it is out of memory,
// counts them in full.
//
// Nothing is given back of what is not, page for page, as it is in the file: where
// a debugger or a tracer has written to the code, or it was copied to huge pages.
// On systems other than Linux nothing is done.
func Trim() error { return trim() }
