package delta

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// memoryPatch tells the test binary that it is the child of TestMemory, and
// which patch to read.
const memoryPatch = "OVERSEER_TEST_DELTA_PATCH"

func TestMain(m *testing.M) {
	if path := os.Getenv(memoryPatch); path != "" {
		if err := readInChild(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// peak returns the most memory that the process ever had, in bytes.
func peak() (int64, error) {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return 0, err
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if kb, ok := strings.CutPrefix(lines.Text(), "VmHWM:"); ok {
			n, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(kb, "kB")), 10, 64)
			return n << 10, err
		}
	}
	return 0, fmt.Errorf("no VmHWM in /proc/self/status")
}

// readInChild prints by how much the peak grows while a patch is read.
func readInChild(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	info, err := ReadInfo(f, size)
	if err != nil {
		return err
	}
	before, err := peak()
	if err != nil {
		return err
	}
	r, err := NewReader(synthetic{}, info.OldSize, f, size, info.NewSize)
	if err != nil {
		return err
	}
	defer r.Close()
	if _, err := io.Copy(io.Discard, r); err != nil {
		return err
	}
	after, err := peak()
	fmt.Println(after - before)
	return err
}

// The memory that reading takes does not grow with the program.
func TestMemory(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the peak of a process's memory is read from /proc, which only Linux has")
	}
	sizes := []int64{4 << 20, 200 << 20}
	if testing.Short() {
		sizes[1] = 40 << 20
	}
	for _, size := range sizes {
		h, raw := largeStreams(size)
		patch := craft(t, h, raw, synthetic{})
		path := filepath.Join(t.TempDir(), "patch")
		if err := os.WriteFile(path, patch, 0o600); err != nil {
			t.Fatal(err)
		}
		child := exec.CommandContext(t.Context(), os.Args[0])
		child.Env = append(os.Environ(), memoryPatch+"="+path)
		out, err := child.CombinedOutput()
		if err != nil {
			t.Fatalf("reading a patch of %d bytes: %v\n%s", len(patch), err, out)
		}
		grown, err := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%d MiB of a patch of %d KiB: the peak grew by %.1f MiB", size>>20, len(patch)>>10, float64(grown)/(1<<20))
		if !raceEnabled && grown >= 16<<20 {
			t.Errorf("making %d bytes took %d bytes of memory, want less than 16 MiB", size, grown)
		}
	}
}
