package delta

// targets remembers where a bounded number of addresses went.
type targets struct {
	used    bits // which entries are; it stays in the processor's cache
	entries []struct{ old, new int64 }
}

const targetBits = 16

func newTargets() targets {
	return targets{newBits(1 << targetBits), make([]struct{ old, new int64 }, 1<<targetBits)}
}

func (t *targets) slot(old int64) int32 {
	return int32(uint64(old) * 0x9e3779b97f4a7c15 >> (64 - targetBits))
}

func (t *targets) get(old int64) (int64, bool) {
	i := t.slot(old)
	if !t.used.has(i) {
		return 0, false
	}
	e := &t.entries[i]
	return e.new, e.old == old
}

func (t *targets) set(old, new int64) {
	i := t.slot(old)
	t.used.set(i)
	t.entries[i].old, t.entries[i].new = old, new
}

func (t *targets) forget(old int64) {
	if i := t.slot(old); t.entries[i].old == old {
		t.used.clear(i)
	}
}
