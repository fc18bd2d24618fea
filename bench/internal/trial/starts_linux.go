package trial

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/seed-3d078585/overseer/bench/internal/result"
	"github.com/seed-3d078585/overseer/bench/internal/rivals"
)

// starts measures how long a program takes to its first answer, by the size of
// its file, with and without overseer. The first start of a file under overseer
// hashes it, and is told apart.
func (t *Trials) starts(ctx context.Context) error {
	for _, size := range t.Amount.Sizes {
		binary, size, err := t.padded(fmt.Sprintf("start-%d", size), size, "")
		if err != nil {
			return err
		}
		pause(ctx, notNew)
		first, err := t.start(ctx, rivals.RoleOverseer, binary)
		if err != nil {
			return err
		}
		var took [2][]float64
		for range t.Amount.Rounds {
			for i, role := range []string{rivals.RolePlain, rivals.RoleOverseer} {
				s, err := t.start(ctx, role, binary)
				if err != nil {
					return err
				}
				took[i] = append(took[i], s)
			}
		}
		t.report.Starts = append(t.report.Starts, result.Start{Size: size, First: first, Plain: spread(took[0]), Ours: spread(took[1]), Added: pairwise(took[1], took[0], more)})
	}
	return nil
}

// notNew is the age from which on a file's digests are remembered, with a margin:
// nobody starts a program in the moment in which it was written.
const notNew = time.Second / 2

// start starts the program once and returns the seconds to its first answer.
func (t *Trials) start(ctx context.Context, role, binary string) (float64, error) {
	began := time.Now()
	c, _, err := t.running(ctx, role, binary)
	if err != nil {
		return 0, err
	}
	took := time.Since(began).Seconds()
	return took, c.Stop()
}

// padded is a copy of this binary with as much at its end as a size needs, and
// then a mark of its own. It has been read once, as a file in use has.
func (t *Trials) padded(name string, size int64, mark string) (path string, real int64, err error) {
	from, err := os.Open(t.self)
	if err != nil {
		return "", 0, err
	}
	defer from.Close()
	path = filepath.Join(t.dir, name)
	to, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755)
	if err != nil {
		return "", 0, err
	}
	defer to.Close()
	n, err := io.Copy(to, from)
	if err != nil {
		return "", 0, err
	}
	padding := make([]byte, 1<<20)
	for n < size && err == nil {
		var wrote int
		wrote, err = to.Write(padding[:min(int64(len(padding)), size-n)])
		n += int64(wrote)
	}
	if err == nil {
		_, err = to.WriteString(mark)
	}
	if err == nil {
		err = to.Sync()
	}
	if err == nil {
		err = to.Close()
	}
	return path, n + int64(len(mark)), err
}
