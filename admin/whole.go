package admin

// list has an empty list be [] in JSON: null would be one more case for clients.
func list[T any](all []T) []T {
	if all == nil {
		return []T{}
	}
	return all
}

// whole returns a status whose lists are all there.
func (s Status) whole() Status {
	s.Addresses, s.Rollback = list(s.Addresses), list(s.Rollback)
	s.Generations, s.Gone = wholeGenerations(s.Generations), wholeGenerations(s.Gone)
	if s.Refused != nil && s.Refused.Steps == nil {
		refused := *s.Refused
		refused.Steps = []Step{}
		s.Refused = &refused
	}
	return s
}

func wholeGenerations(all []Generation) []Generation {
	whole := make([]Generation, len(all))
	for i, g := range all {
		g.Phases = list(g.Phases)
		whole[i] = g
	}
	return whole
}

func (s Sample) whole() Sample {
	s.Generations = list(s.Generations)
	return s
}
