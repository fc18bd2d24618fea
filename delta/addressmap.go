package delta

import (
	"cmp"
	"slices"
	"sort"
)

// A span of old places that went to new ones as a whole.
type span struct{ old, new, size int64 }

// maxSpans bounds the memory of an address map.
const maxSpans = 1 << 16

// An addressMap says where old addresses went, by the copies of a patch.
type addressMap struct {
	spans []span // by old address, no two of which overlap
	pages []int32
	shift uint
	low   int64 // the image: old addresses from low to below high
	high  int64
}

func newAddressMap(m *model, copies []span) *addressMap {
	a := &addressMap{low: 1<<62 - 1}
	for _, r := range m.ranges {
		a.low = min(a.low, r.oldAddr)
		a.high = max(a.high, r.oldAddr+r.oldSize)
		if !r.inFile {
			a.spans = append(a.spans, span{r.oldAddr, r.newAddr, r.oldSize})
		}
	}
	for _, c := range copies {
		for i := range m.ranges {
			r := &m.ranges[i]
			if !r.inFile {
				continue
			}
			from, to := max(c.old, r.oldPos), min(c.old+c.size, r.oldPos+r.oldSize)
			if from >= to || len(a.spans) == maxSpans {
				continue
			}
			newPos := from - c.old + c.new
			if newPos < r.newPos || newPos >= r.newPos+r.newSize {
				continue
			}
			a.spans = append(a.spans, span{from - r.oldPos + r.oldAddr, newPos - r.newPos + r.newAddr, to - from})
		}
	}
	a.sort()
	a.page()
	return a
}

// sort orders the spans. Where two overlap the longer one counts.
func (a *addressMap) sort() {
	slices.SortStableFunc(a.spans, func(x, y span) int { return cmp.Compare(x.old, y.old) })
	kept := a.spans[:0]
	for _, s := range a.spans {
		for len(kept) > 0 && s.size > 0 {
			last := &kept[len(kept)-1]
			over := last.old + last.size - s.old
			if over <= 0 {
				break
			}
			if last.size >= s.size {
				cut := min(over, s.size)
				s.old, s.new, s.size = s.old+cut, s.new+cut, s.size-cut
				break
			}
			if last.size -= over; last.size > 0 {
				break
			}
			kept = kept[:len(kept)-1]
		}
		if s.size > 0 {
			kept = append(kept, s)
		}
	}
	a.spans = kept
}

// page makes the table that find starts with.
func (a *addressMap) page() {
	if len(a.spans) == 0 || a.high <= a.low {
		a.high = a.low
		return
	}
	for (a.high-a.low)>>a.shift >= maxSpans {
		a.shift++
	}
	a.pages = make([]int32, (a.high-a.low)>>a.shift+2)
	i := 0
	for p := range a.pages {
		begin := a.low + int64(p)<<a.shift
		for i < len(a.spans) && a.spans[i].old <= begin {
			i++
		}
		a.pages[p] = int32(i) // spans before i begin at or before the page
	}
}

// has reports whether an address lies in the old program.
func (a *addressMap) has(addr int64) bool { return addr >= a.low && addr < a.high }

// find returns where an address of the old program went. One that no copy
// covers is taken to stay with what lies before it.
func (a *addressMap) find(addr int64) int64 {
	p := (addr - a.low) >> a.shift
	from, to := int(a.pages[p]), int(a.pages[p+1])
	i := from
	if to-from < 8 {
		for i < to && a.spans[i].old <= addr {
			i++
		}
	} else {
		i += sort.Search(to-from, func(k int) bool { return a.spans[from+k].old > addr })
	}
	s := &a.spans[max(i-1, 0)]
	return addr - s.old + s.new
}

// next returns the first old address behind addr at which another span begins.
func (a *addressMap) next(addr int64) int64 {
	i := sort.Search(len(a.spans), func(k int) bool { return a.spans[k].old > addr })
	if i == len(a.spans) {
		return 1<<63 - 1
	}
	return a.spans[i].old
}
