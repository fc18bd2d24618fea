package isolate

import (
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// volunteer makes this process the first that the kernel ends where memory runs
// out: see proc(5). It has to be done while the files in /proc are still ours.
func volunteer() { os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0) }

// harden gives up all capabilities, which a master that is not root may have been
// given, and the right to gain any by execve(2). In a program with cgo the
// runtime cannot reach all threads and does none of this.
func harden() {
	if _, _, e := syscall.AllThreadsSyscall6(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0); e != 0 {
		return
	}
	syscall.AllThreadsSyscall6(unix.SYS_PRCTL, unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0, 0)
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3} // pid 0: the calling thread
	var none [2]unix.CapUserData
	syscall.AllThreadsSyscall(unix.SYS_CAPSET, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&none[0])), 0)
}
