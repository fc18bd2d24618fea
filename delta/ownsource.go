package delta

import "io"

// An ownSource reads the project's own format.
type ownSource struct {
	streams  [streams]*stream
	oldPos   int64
	copies   int64 // not yet read
	left     int64 // of the new program
	foretell *predictor

	same    int64 // copied bytes up to the next to correct
	changed int64 // bytes to correct behind them
	buf     [256]byte
}

func openOwn(old, patch io.ReaderAt, h *ownHead) (*ownSource, error) {
	s := &ownSource{copies: h.copies, left: h.newSize}
	for i := range s.streams {
		if err := s.open(patch, h, i); err != nil {
			s.close()
			return nil, err
		}
	}
	m, err := parseModel(s.streams[streamModel])
	if err == nil && m != nil && len(m.ranges) > 0 {
		err = s.survey(old, patch, h, m)
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// open opens one stream.
func (s *ownSource) open(patch io.ReaderAt, h *ownHead, i int) (err error) {
	at := int64(ownHeader)
	for _, before := range h.streams[:i] {
		at += before.packed
	}
	s.streams[i], err = openStream(patch, at, h.streams[i], streamNames[i])
	return err
}

// survey reads the copies once for the model.
func (s *ownSource) survey(old, patch io.ReaderAt, h *ownHead, m *model) error {
	look := &ownSource{copies: h.copies, left: h.newSize}
	defer look.close()
	for i := streamInserts; i <= streamCopies; i++ {
		if err := look.open(patch, h, i); err != nil {
			return err
		}
	}
	var copies []span
	newPos := int64(0)
	for {
		p, err := look.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		newPos += p.insert
		if p.copy >= m.minCopy {
			if len(copies) == maxSpans {
				return corrupt("its model has more than %d copies", maxSpans)
			}
			copies = append(copies, span{p.oldPos, newPos, p.copy})
		}
		newPos += p.copy
	}
	var err error
	s.foretell, err = newPredictor(m, copies, old)
	return err
}

func (s *ownSource) close() {
	for _, st := range s.streams {
		if st != nil {
			st.close()
		}
	}
}

func (s *ownSource) model() *predictor { return s.foretell }

func (s *ownSource) next() (piece, error) {
	if s.copies == 0 {
		if s.left > 0 {
			p := piece{insert: s.left}
			s.left = 0
			return p, nil
		}
		return piece{}, io.EOF
	}
	s.copies--
	insert, err := s.streams[streamInserts].number()
	if err != nil {
		return piece{}, err
	}
	seek, err := s.streams[streamSeeks].signed()
	if err != nil {
		return piece{}, err
	}
	length, err := s.streams[streamCopies].number()
	if err != nil {
		return piece{}, err
	}
	if insert > s.left || length > s.left-insert || length == 0 {
		return piece{}, corrupt("a copy of %d bytes behind %d where %d are left", length, insert, s.left)
	}
	s.left -= insert + length
	pos := s.oldPos + seek
	if (pos < s.oldPos) != (seek < 0) || pos < 0 || pos > 1<<62 {
		return piece{}, corrupt("a seek by %d from %d", seek, s.oldPos)
	}
	s.oldPos = pos + length
	return piece{insert: insert, oldPos: pos, copy: length}, nil
}

func (s *ownSource) insert(b []byte) error { return s.streams[streamExtra].full(b) }

// correct adds the differences. They come in turns: so many bytes stay as they
// are, so many change; the latter are one at least but behind the last turn.
func (s *ownSource) correct(copied []byte) error {
	for len(copied) > 0 {
		if s.same == 0 && s.changed == 0 {
			if err := s.turn(); err != nil {
				return err
			}
		}
		n := min(s.same, int64(len(copied)))
		s.same -= n
		copied = copied[n:]
		if n = min(s.changed, int64(len(copied))); n > 0 {
			b := s.buf[:min(n, int64(len(s.buf)))]
			if err := s.streams[streamValues].full(b); err != nil {
				return err
			}
			for i, d := range b {
				copied[i] += d
			}
			s.changed -= int64(len(b))
			copied = copied[len(b):]
		}
	}
	return nil
}

func (s *ownSource) turn() (err error) {
	same, changed := s.streams[streamSame], s.streams[streamChanged]
	if same.left == 0 {
		s.same = 1<<63 - 1 // nothing changes any more
		return nil
	}
	if s.same, err = same.number(); err != nil {
		return err
	}
	if s.changed, err = changed.number(); err != nil {
		return err
	}
	if s.changed == 0 {
		return corrupt("a turn that changes nothing")
	}
	return nil
}

func (s *ownSource) finish() error {
	if s.changed > 0 {
		return corrupt("%s goes on behind the end of the program", streamNames[streamChanged])
	}
	for _, st := range s.streams {
		if err := st.end(); err != nil {
			return err
		}
	}
	return nil
}
