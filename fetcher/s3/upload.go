package s3

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/minio/minio-go/v7"
)

// An Order says how to upload. It may be zero.
type Order struct {
	// Progress is told how many bytes of a file are sent; done is total once,
	// at the end, also for a file that was there. Its calls do not overlap.
	Progress func(name string, done, total int64)
}

// Sent is what an upload has done.
type Sent struct {
	Files int   // that were sent
	Kept  int   // that were there
	Bytes int64 // of those that were sent
}

const (
	partSize = 16 << 20 // a larger file goes in parts of this size, one after another, each in memory
	together = 4        // files at a time
	// sumKey is the user metadata that has the SHA-256 of a file. An ETag is
	// one of nothing where a file came in parts or is encrypted.
	sumKey = "sha256"
)

// Upload sends a release directory. Files that are there with the same length
// and SHA-256 are not sent again; files that are there and not in the directory
// stay. Hidden files (a name in their path begins with a dot) are left out.
//
// What others lead to is sent first, and the manifests of the channels last, so
// that a reader finds the release before or this one, and all that it names. The
// same holds where the upload fails: it can be begun again.
//
// Files are cached by everybody in between as long as they like where their name
// stands for their content (programs, deltas, history), and the others never.
//
// Files must not change meanwhile. Errors that can be matched: those of
// [Place.Open] but for the first three.
func (p *Place) Upload(ctx context.Context, from fs.FS, order Order) (Sent, error) {
	var names [ranks][]string
	err := fs.WalkDir(from, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case hidden(name) && d.IsDir():
			return fs.SkipDir
		case hidden(name) || d.IsDir():
			return nil
		case !d.Type().IsRegular():
			return fmt.Errorf("%q is not a regular file", name)
		}
		names[rankOf(name)] = append(names[rankOf(name)], name)
		return nil
	})
	if err != nil {
		return Sent{}, fmt.Errorf("upload to %v: list the files: %w", p, err)
	}
	u := &upload{place: p, from: from, progress: order.Progress}
	for r, names := range names {
		if err := u.all(ctx, rank(r), names); err != nil {
			return u.sent, fmt.Errorf("upload to %v: %w", p, err)
		}
	}
	return u.sent, nil
}

// An upload is one call of Upload.
type upload struct {
	place *Place
	from  fs.FS

	mu       sync.Mutex
	progress func(name string, done, total int64)
	sent     Sent
}

// all sends the files of a rank, some at a time, and waits for them. The first
// that fails ends the others.
func (u *upload) all(ctx context.Context, r rank, names []string) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var group sync.WaitGroup
	free := make(chan struct{}, together)
	for _, name := range names {
		select {
		case free <- struct{}{}:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			break
		}
		group.Go(func() {
			defer func() { <-free }()
			if err := u.one(ctx, r, name); err != nil {
				cancel(fmt.Errorf("%q: %w", name, err))
			}
		})
	}
	group.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

func (u *upload) one(ctx context.Context, r rank, name string) error {
	file, err := u.from.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	before, err := file.Stat()
	if err != nil {
		return err
	}
	size := before.Size()
	sum, err := sumOf(ctx, file, size)
	if err != nil {
		return err
	}
	there, err := u.place.has(ctx, name, size, sum)
	if err != nil {
		return err
	}
	if there {
		u.note(name, size, size, Sent{Kept: 1})
		return nil
	}
	content, err := rewound(u.from, name, file)
	if err != nil {
		return err
	}
	defer content.Close()
	if err := u.put(ctx, r, name, content, size, sum); err != nil {
		return err
	}
	if after, err := fs.Stat(u.from, name); err != nil || after.Size() != size || !after.ModTime().Equal(before.ModTime()) {
		return fmt.Errorf("the file changed while it was sent, so what is there now may be neither: upload again (%w)", errors.Join(err, errChanged))
	}
	u.note(name, size, size, Sent{Files: 1, Bytes: size})
	return nil
}

var errChanged = errors.New("another length or modification time")

// sumOf reads a file to its end.
func sumOf(ctx context.Context, r io.Reader, size int64) (string, error) {
	h := sha256.New()
	for n := int64(0); ; {
		m, err := io.CopyN(h, r, 1<<20)
		n += m
		switch {
		case ctx.Err() != nil:
			return "", context.Cause(ctx)
		case err == io.EOF && n == size:
			return hex.EncodeToString(h.Sum(nil)), nil
		case err == io.EOF:
			return "", fmt.Errorf("it has %d bytes, and not the %d that were listed", n, size)
		case err != nil:
			return "", err
		}
	}
}

// rewound gives the file from its beginning.
func rewound(from fs.FS, name string, file fs.File) (fs.File, error) {
	if seeker, ok := file.(io.Seeker); ok {
		if _, err := seeker.Seek(0, io.SeekStart); err == nil {
			return file, nil
		}
	}
	return from.Open(name)
}

// has reports whether a file is there with this length and sum.
func (p *Place) has(ctx context.Context, name string, size int64, sum string) (bool, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, answerTimeout, errStalled(answerTimeout))
	defer cancel()
	if err := p.sign(ctx); err != nil {
		return false, err
	}
	noted, seen := withNote(ctx)
	info, err := p.core.StatObject(noted, p.bucket, p.key(name), minio.StatObjectOptions{})
	if err != nil {
		if err := p.failure(name, refused(ctx, err, seen)); !errors.Is(err, fs.ErrNotExist) {
			return false, err
		}
		return false, nil
	}
	return info.Size == size && strings.EqualFold(metadata(info, sumKey), sum), nil
}

// metadata has names in the case that HTTP gives them, whatever was sent.
func metadata(info minio.ObjectInfo, name string) string {
	for key, value := range info.UserMetadata {
		if strings.EqualFold(key, name) {
			return value
		}
	}
	return ""
}

// put sends a file. It is given up where nothing of it goes out for as long as a
// stall and an answer may take together.
func (u *upload) put(ctx context.Context, r rank, name string, content io.Reader, size int64, sum string) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if err := u.place.sign(ctx); err != nil {
		return err
	}
	stall := u.place.stall + answerTimeout
	late := time.AfterFunc(stall, func() { cancel(fmt.Errorf("nothing went out for %v: %w", stall, os.ErrDeadlineExceeded)) })
	defer late.Stop()
	progress := &meter{read: func(done int64) {
		late.Reset(stall)
		if done < size {
			u.note(name, done, size, Sent{})
		}
	}}
	defer progress.end()
	noted, seen := withNote(ctx)
	_, err := u.place.core.Client.PutObject(noted, u.place.bucket, u.place.key(name), content, size, minio.PutObjectOptions{
		ContentType:    contentType(name),
		CacheControl:   r.cacheControl(),
		UserMetadata:   map[string]string{sumKey: sum},
		SendContentMd5: true, // the service checks what arrives
		// Else what is sent without TLS is sent in signed chunks, and some
		// services say that to every reader: Content-Encoding: aws-chunked.
		DisableContentSha256: true,
		PartSize:             partSize,
		Progress:             progress,
	})
	if err != nil {
		return u.place.failure(name, refused(ctx, err, seen))
	}
	return nil
}

// note adds to what was sent and tells of the progress.
func (u *upload) note(name string, done, total int64, add Sent) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.sent.Files += add.Files
	u.sent.Kept += add.Kept
	u.sent.Bytes += add.Bytes
	if u.progress != nil {
		u.progress(name, done, total)
	}
}

// A meter counts what the client reads of a file, until its end: the client may
// still be reading when it has returned. What is sent again is read again, so the
// count is of bytes that went out.
type meter struct {
	mu   sync.Mutex
	done int64
	read func(done int64) // nil after the end
}

func (m *meter) Read(p []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.done += int64(len(p))
	if m.read != nil {
		m.read(m.done)
	}
	return len(p), nil
}

func (m *meter) end() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.read = nil
}
