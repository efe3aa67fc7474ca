package stream

import "slices"

// acknowledge brings answers to the topics that they are about.
func (s *session) acknowledge(acks []Ack) {
	for _, a := range acks {
		s.hub.mu.Lock()
		names := s.named(a)
		s.hub.mu.Unlock()
		for _, name := range names {
			r := s.routes[name]
			switch {
			case r == nil || a.Drop:
			case a.Err != nil && a.Again: // the keeper asks again when no answer has come in time
				s.odd(a.Err)
			case a.Err != nil:
				s.refuse(r, a.Err)
			default:
				s.up(r)
			}
		}
	}
}

// named returns the topics that a is about. The hub is locked.
func (s *session) named(a Ack) []string {
	q, known := s.requests[string(a.ID)]
	if len(a.Topic) == 0 && !a.One {
		delete(s.requests, string(a.ID))
		if !known || q.Drop {
			return nil
		}
		return q.Topics
	}
	name := string(a.Topic)
	if known && len(q.Topics) > 0 { // one answer for each topic: with the last of them the request is done with
		i := slices.Index(q.Topics, name)
		if i < 0 {
			if i = 0; a.One {
				name = q.Topics[0]
			}
		}
		if q.Topics = slices.Delete(slices.Clone(q.Topics), i, i+1); len(q.Topics) > 0 {
			s.requests[string(a.ID)] = q
		} else {
			delete(s.requests, string(a.ID))
		}
	}
	if known && q.Drop || a.One && !known {
		return nil
	}
	return []string{name}
}

func (s *session) refuse(r *route, err error) {
	s.hub.mu.Lock()
	r.topic.state, r.topic.err, r.topic.sent = Refused, err, false
	sinks := r.topic.sinks // who comes from now on has the venue asked anew
	s.hub.mu.Unlock()
	s.hub.c.Log.Warn("subscription refused", "endpoint", s.hub.c.Name, "topic", r.topic.name, "why", err)
	for _, sink := range sinks {
		sink.Refused(err)
	}
}
