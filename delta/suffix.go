package delta

import "context"

// A suffix array lists the beginnings of all suffixes of a text in the order
// of those suffixes. It is built by induced sorting, in time linear in the
// text whatever the text is: G. Nong, S. Zhang, W. H. Chan, "Two Efficient
// Algorithms for Linear Time Suffix Array Construction", IEEE Transactions on
// Computers 60(10), 2011. The words below are the paper's: a suffix is of type
// S where it is smaller than the one that begins a byte later, else of type L;
// an LMS suffix is one of type S after one of type L.

// stride is how many steps a loop takes between two looks at the context.
const stride = 1 << 18

// suffixArray sorts the suffixes of text, which is shorter than 2 GiB, into sa,
// which is as long.
func suffixArray(ctx context.Context, text []byte, sa []int32) error {
	s := sorter[byte]{ctx: ctx, text: text, sa: sa, alphabet: 256}
	return s.sort()
}

type sorter[T byte | int32] struct {
	ctx      context.Context
	text     []T
	sa       []int32
	alphabet int
	size     []int32 // of the bucket of each letter
	edge     []int32 // where the next suffix of a bucket goes
}

func (s *sorter[T]) sort() error {
	n := len(s.text)
	if n < 2 {
		clear(s.sa)
		return s.ctx.Err()
	}
	s.size, s.edge = make([]int32, s.alphabet), make([]int32, s.alphabet)
	for _, c := range s.text {
		s.size[c]++
	}
	lms := s.markLMS()
	clear(s.sa)
	s.tails()
	lms.each(func(i int32) {
		c := s.text[i]
		s.edge[c]--
		s.sa[s.edge[c]] = i
	})
	if err := s.induce(); err != nil {
		return err
	}
	m := 0
	for _, i := range s.sa {
		if lms.has(i) {
			s.sa[m] = i
			m++
		}
	}
	if err := s.sortLMS(lms, m); err != nil {
		return err
	}
	clear(s.sa[m:])
	s.tails()
	for k := m - 1; k >= 0; k-- {
		i := s.sa[k]
		s.sa[k] = 0
		c := s.text[i]
		s.edge[c]--
		s.sa[s.edge[c]] = i
	}
	return s.induce()
}

// markLMS returns the positions of the LMS suffixes.
func (s *sorter[T]) markLMS() bits {
	lms := newBits(len(s.text))
	small := false // the suffix at i+1 is of type S
	for i := len(s.text) - 2; i >= 0; i-- {
		switch {
		case s.text[i] < s.text[i+1]:
			small = true
		case s.text[i] > s.text[i+1]:
			if small {
				lms.set(int32(i + 1))
			}
			small = false
		}
	}
	return lms
}

// sortLMS takes the LMS suffixes in sa[:m], sorted by their substrings up to
// the next one, and sorts them as suffixes.
func (s *sorter[T]) sortLMS(lms bits, m int) error {
	if m == 0 {
		return nil
	}
	n := len(s.text)
	names := s.sa[m:]
	for i := range names {
		names[i] = -1
	}
	// Two LMS positions are at least two apart, so half a position is a
	// place of its own.
	name, last := int32(-1), int32(-1)
	for _, i := range s.sa[:m] {
		if last < 0 || !s.same(lms, last, i) {
			name++
		}
		names[i/2] = name
		last = i
	}
	reduced := s.sa[n-m:]
	for from, to := len(names)-1, m-1; from >= 0; from-- {
		if names[from] >= 0 {
			reduced[to] = names[from]
			to--
		}
	}
	if int(name) < m-1 {
		sub := sorter[int32]{ctx: s.ctx, text: reduced, sa: s.sa[:m], alphabet: int(name) + 1}
		if err := sub.sort(); err != nil {
			return err
		}
	} else {
		for i, name := range reduced {
			s.sa[name] = int32(i)
		}
	}
	k := 0
	lms.each(func(i int32) {
		reduced[k] = i
		k++
	})
	for k, i := range s.sa[:m] {
		s.sa[k] = reduced[i]
	}
	return nil
}

// same reports whether the LMS substrings at i and j are equal.
func (s *sorter[T]) same(lms bits, i, j int32) bool {
	n := int32(len(s.text))
	for k := int32(0); ; k++ {
		if i+k >= n || j+k >= n {
			return false // the end of the text is smaller than any letter
		}
		if s.text[i+k] != s.text[j+k] {
			return false
		}
		if k > 0 {
			a, b := lms.has(i+k), lms.has(j+k)
			if a || b {
				return a && b
			}
		}
	}
}

// heads has each bucket filled from its first place on.
func (s *sorter[T]) heads() {
	sum := int32(0)
	for c, size := range s.size {
		s.edge[c] = sum
		sum += size
	}
}

// tails has each bucket filled from behind its last place.
func (s *sorter[T]) tails() {
	sum := int32(0)
	for c, size := range s.size {
		sum += size
		s.edge[c] = sum
	}
}

// induce sorts all suffixes by the LMS ones, which stand in order at the ends
// of their buckets; the other places are 0. A complemented entry is one whose
// predecessor the pass at hand does not place.
func (s *sorter[T]) induce() error {
	n := len(s.text)
	s.heads()
	// The empty suffix is the smallest; it induces the last letter's.
	last := s.text[n-1]
	s.sa[s.edge[last]] = int32(n - 1)
	if s.text[n-2] < last {
		s.sa[s.edge[last]] = ^int32(n - 1)
	}
	s.edge[last]++
	for i := 0; i < n; i++ {
		if i%stride == 0 && s.ctx.Err() != nil {
			return s.ctx.Err()
		}
		j := s.sa[i]
		s.sa[i] = ^j
		if j <= 0 {
			continue
		}
		j--
		c := s.text[j]
		v := j
		if j > 0 && s.text[j-1] < c {
			v = ^j
		}
		s.sa[s.edge[c]] = v
		s.edge[c]++
	}
	s.tails()
	for i := n - 1; i >= 0; i-- {
		if i%stride == 0 && s.ctx.Err() != nil {
			return s.ctx.Err()
		}
		j := s.sa[i]
		if j <= 0 {
			s.sa[i] = ^j
			continue
		}
		j--
		c := s.text[j]
		v := j
		if j == 0 || s.text[j-1] > c {
			v = ^j
		}
		s.edge[c]--
		s.sa[s.edge[c]] = v
	}
	return nil
}
