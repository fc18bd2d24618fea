package delta

import (
	"context"
	"sync"
)

// A match says that new[newPos:newPos+length] is much like
// old[oldPos:oldPos+length]: made of it with few corrections.
type match struct {
	oldPos, newPos, length int
}

// segment is how much of the new program one goroutine compares at a time. It
// is the same on every machine, so the patch is too.
const segment = 4 << 20

// sameRun is how many equal bytes in a row are taken as they come, without a
// look whether a better place to copy from exists.
const sameRun = 128

// matches covers the new program with pieces of the old one, in the order of
// the new one and without overlap. What lies between them is not in the old.
//
// The way is that of bsdiff: a match of the current piece goes on through
// differences until another place of the old program matches better by more
// than eight bytes. C. Percival, "Matching with Mismatches and Assorted
// Applications", 2006.
func matches(ctx context.Context, x *index, new []byte, workers int, step func(n int)) ([]match, error) {
	parts := make([][]match, (len(new)+segment-1)/segment)
	next := make(chan int, len(parts))
	for i := range parts {
		next <- i
	}
	close(next)
	var wg sync.WaitGroup
	for range min(workers, len(parts)) {
		wg.Go(func() {
			for i := range next {
				if ctx.Err() != nil {
					return
				}
				from := i * segment
				parts[i] = scan(ctx, x, new, from, min(from+segment, len(new)), step)
			}
		})
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return join(parts), nil
}

// join makes one list of the pieces of all segments; one that was cut at the
// border of two segments is whole again.
func join(parts [][]match) []match {
	var all []match
	for _, part := range parts {
		for _, m := range part {
			if n := len(all); n > 0 {
				last := &all[n-1]
				if last.newPos+last.length == m.newPos && last.oldPos+last.length == m.oldPos {
					last.length += m.length
					continue
				}
			}
			all = append(all, m)
		}
	}
	return all
}

// scan covers new[from:to].
func scan(ctx context.Context, x *index, new []byte, from, to int, step func(int)) []match {
	old := x.text
	new = new[:to]
	var out []match
	var pos, length int // the match at hand
	at := from
	lastAt, lastPos := from, 0 // where the piece that is being grown begins
	if from < len(old) {
		lastPos = from // by habit a program stays where it is
	}
	lastOffset := lastPos - from
	reported := from
	for at < to {
		if ctx.Err() != nil {
			return nil
		}
		score := 0 // how many bytes up to counted the piece at hand matches too
		counted := at + length
		at = counted
		for tries := 1; at < to; tries++ {
			if tries%4096 == 0 && ctx.Err() != nil {
				return nil
			}
			pos, length = at+lastOffset, 0
			if pos >= 0 && pos < len(old) {
				length = shared(old[pos:], new[at:])
			}
			if length < sameRun {
				pos, length = x.longest(new[at:])
			}
			for ; counted < at+length; counted++ {
				if o := counted + lastOffset; o >= 0 && o < len(old) && old[o] == new[counted] {
					score++
				}
			}
			if length == score && length != 0 || length > score+8 {
				break
			}
			// Behind a long match that is not better lies another: to look
			// at each byte of it would be quadratic where bytes repeat.
			step := 1
			if length >= sameRun {
				step = length / 8
			}
			for range min(step, to-at) {
				if o := at + lastOffset; o >= 0 && o < len(old) && old[o] == new[at] {
					score--
				}
				at++
			}
		}
		if length == score && at < to {
			continue // the piece at hand goes on
		}
		ahead := forward(old[min(lastPos, len(old)):], new[lastAt:at])
		back := 0
		if at < to {
			back = backward(old[:pos], new[lastAt:at])
		}
		if over := lastAt + ahead - (at - back); over > 0 {
			keep := divide(old[lastPos+ahead-over:], new[lastAt+ahead-over:], old[pos-back:], over)
			ahead += keep - over
			back -= keep
		}
		if ahead > 0 {
			out = append(out, match{lastPos, lastAt, ahead})
		}
		lastAt, lastPos = at-back, pos-back
		lastOffset = pos - at
		if at-reported > 1<<16 {
			step(at - reported)
			reported = at
		}
	}
	step(to - reported)
	return out
}

// forward returns how far a piece goes on while it pays: the length at which
// it has the most matches over mismatches.
func forward(old, new []byte) int {
	score, best, length := 0, 0, 0
	for i := 0; i < min(len(old), len(new)); {
		if old[i] == new[i] {
			score++
		}
		i++
		if score*2-i > best*2-length {
			best, length = score, i
		}
	}
	return length
}

// backward is forward from the ends of old and new towards their beginnings.
func backward(old, new []byte) int {
	score, best, length := 0, 0, 0
	for i := 1; i <= min(len(old), len(new)); i++ {
		if old[len(old)-i] == new[len(new)-i] {
			score++
		}
		if score*2-i > best*2-length {
			best, length = score, i
		}
	}
	return length
}

// divide says how many of the first n bytes of new the earlier of two pieces
// that overlap is to keep.
func divide(earlier, new, later []byte, n int) int {
	score, best, keep := 0, 0, 0
	for i := range n {
		if earlier[i] == new[i] {
			score++
		}
		if later[i] == new[i] {
			score--
		}
		if score > best {
			best, keep = score, i+1
		}
	}
	return keep
}
