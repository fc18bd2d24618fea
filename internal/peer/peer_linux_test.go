package peer

import (
	"bufio"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// socketOf returns the inode number that the kernel shows for a connection of
// this process.
func socketOf(t *testing.T, c *net.TCPConn) string {
	t.Helper()
	raw, err := c.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	link := ""
	raw.Control(func(fd uintptr) { link, err = os.Readlink("/proc/self/fd/" + strconv.Itoa(int(fd))) })
	if err != nil {
		t.Fatal(err)
	}
	return link
}

func TestFarInode(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "[::1]:0", "[::]:0"} {
		t.Run(address, func(t *testing.T) {
			l, err := net.Listen("tcp", address)
			if err != nil {
				t.Skipf("no such address here: %v", err)
			}
			defer l.Close()
			_, port, _ := net.SplitHostPort(l.Addr().String())
			host, _, _ := net.SplitHostPort(address)
			if host == "::" {
				host = "127.0.0.1" // by a socket of both families
			}
			conn, err := net.Dial("tcp", net.JoinHostPort(host, port))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if inode, known := FarInode(conn); !known || inode != 0 {
				t.Errorf("before it is accepted: inode %d, known %v; want 0", inode, known)
			}
			far, err := l.Accept()
			if err != nil {
				t.Fatal(err)
			}
			defer far.Close()
			inode, known := FarInode(conn)
			if want := socketOf(t, far.(*net.TCPConn)); !known || "socket:["+strconv.Itoa(int(inode))+"]" != want {
				t.Errorf("after it is accepted: inode %d, known %v; want %s", inode, known, want)
			}
		})
	}
	t.Run("unix", func(t *testing.T) {
		l, err := net.Listen("unix", t.TempDir()+"/s")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		conn, err := net.Dial("unix", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if inode, known := FarInode(conn); !known || inode != 0 {
			t.Errorf("before it is accepted: inode %d, known %v; want 0", inode, known)
		}
		far, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer far.Close()
		inode, known := FarInode(conn)
		if want, _ := inodeOf(far); !known || inode != want {
			t.Errorf("after it is accepted: inode %d, known %v; want %d", inode, known, want)
		}
	})
	near, far := net.Pipe()
	defer near.Close()
	defer far.Close()
	if _, known := FarInode(near); known {
		t.Error("the other end of a pipe is known")
	}
}

func TestHolds(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	far, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	inode, _ := FarInode(conn)
	file, err := far.(*net.TCPConn).File()
	if err != nil {
		t.Fatal(err)
	}
	// A shell whose child has the connection, and one with nothing of it.
	holder, holderPID := shell(t, file)
	_, otherPID := shell(t, nil)
	file.Close()
	far.Close()
	if held, known := Holds(holderPID, inode); !held || !known {
		t.Errorf("the process whose child has it: held %v, known %v", held, known)
	}
	if held, known := Holds(otherPID, inode); held || !known {
		t.Errorf("a process without it: held %v, known %v", held, known)
	}
	holder.Close()
}

// shell starts a shell that ends with its input, and waits until its child runs.
// The child alone gets the file.
func shell(t *testing.T, file *os.File) (in interface{ Close() error }, pid int) {
	t.Helper()
	c := exec.Command("/bin/sh", "-c", `(echo $$; read x) 3>&3; true`)
	if file != nil {
		c.ExtraFiles = []*os.File{file}
	} else {
		c.Args[2] = `(echo $$; read x); true`
	}
	stdin, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		c.Wait()
	})
	if _, err := bufio.NewReader(stdout).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	return stdin, c.Process.Pid
}

func TestBelongs(t *testing.T) {
	if Belongs(os.Getpid(), os.Getpid()) || Belongs(0, 1) || Belongs(-1, 1) {
		t.Error("this process, or none, belongs to a program")
	}
	_, pid := shell(t, nil)
	if !Belongs(pid, pid) {
		t.Error("a process does not belong to itself")
	}
	children, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/task/" + strconv.Itoa(pid) + "/children")
	if err != nil {
		t.Skipf("no list of children here: %v", err)
	}
	found := strings.Fields(string(children))
	if len(found) != 1 {
		t.Fatalf("the shell has the children %q, want one", children)
	}
	child, err := strconv.Atoi(found[0])
	if err != nil {
		t.Fatal(err)
	}
	if !Belongs(child, pid) {
		t.Error("a child does not belong to its parent")
	}
	if Belongs(pid, child) {
		t.Error("a parent belongs to its child")
	}
	if Belongs(1, pid) {
		t.Error("the first process belongs to a program")
	}
}
