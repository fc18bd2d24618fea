package master

import "syscall"

// realTime are the signals above those that libraries keep for themselves, see
// signal(7).
var realTime = func() (list []syscall.Signal) {
	for n := syscall.Signal(35); n <= 64; n++ {
		list = append(list, n)
	}
	return list
}()
