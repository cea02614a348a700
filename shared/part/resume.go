package part

import "context"

// Resume continues after the last recorded part. It returns the cursor to continue from, which is
// nil at the beginning; fresh says that nothing was recorded yet. Resume forgets what the sink held
// before.
func (s *Sink) Resume(ctx context.Context) (cursor []byte, fresh bool, err error) {
	_ = s.wait() // an attempt that is over: its error was returned or no longer matters
	s.ctx, s.done, s.asked, s.moved, s.last, s.err = ctx, envelope{}.clone(), nil, false, nil, nil
	s.fill.reset()
	if s.parts = s.o.Claim.Parts(); len(s.parts) == 0 {
		return nil, true, nil
	}
	last := s.parts[len(s.parts)-1]
	_, d, err := read(ctx, s.o.Store, s.o.Spec, last)
	if err == nil {
		s.done, err = openEnvelope(ctx, s.o.Case, s.o.Spec, last, d.Sealed)
	}
	if err != nil {
		s.err = err
		return nil, false, err
	}
	return s.done.Cursor, false, nil
}
