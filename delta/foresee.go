package delta

// foresee returns what the old program would look like if each reference in it
// were one of the new program already. Such a text has long matches with the
// new program where the old one has none: pieces are found that a table of
// moved addresses hides.
func foresee(p *predictor, old []byte) []byte {
	p.frozen = true
	text := append([]byte(nil), old...)
	if len(p.where.spans) == 0 {
		return text
	}
	as := func([]byte) error { return nil }
	for _, r := range p.model.ranges {
		if !r.inFile {
			continue
		}
		end := min(r.oldPos+r.oldSize, int64(len(old)))
		for pos := r.oldPos; pos < end; {
			addr := pos - r.oldPos + r.oldAddr
			next := min(end, p.where.next(addr)-r.oldAddr+r.oldPos)
			newPos := p.where.find(addr) - r.newAddr + r.newPos
			p.predict(text[pos:next], pos, newPos, false, as)
			pos = next
		}
	}
	return text
}
