package say

import (
	"context"
	"slices"
	"sync"
)

// Silent is a Voice that makes no sound and remembers, for tests and for
// kiosks without speech. The zero value is ready.
type Silent struct {
	mu       sync.Mutex
	said     []Utterance
	chimes   []Tone
	settings Settings
}

var _ Voice = (*Silent)(nil)

// Said is all that Say was given since the last Wipe.
func (s *Silent) Said() []Utterance { s.mu.Lock(); defer s.mu.Unlock(); return slices.Clone(s.said) }

// Chimes are all sounds since the last Wipe.
func (s *Silent) Chimes() []Tone { s.mu.Lock(); defer s.mu.Unlock(); return slices.Clone(s.chimes) }

// Settings are the last that were set.
func (s *Silent) Settings() Settings { s.mu.Lock(); defer s.mu.Unlock(); return s.settings }

// Say implements Voice.
func (s *Silent) Say(all ...Utterance) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.said = append(s.said, all...)
}

// Repeat implements Voice.
func (s *Silent) Repeat() {}

// Stop implements Voice.
func (s *Silent) Stop() {}

// Set implements Voice.
func (s *Silent) Set(to Settings) { s.mu.Lock(); defer s.mu.Unlock(); s.settings = to }

// Chime implements Voice.
func (s *Silent) Chime(t Tone) { s.mu.Lock(); defer s.mu.Unlock(); s.chimes = append(s.chimes, t) }

// Wipe implements Voice.
func (s *Silent) Wipe() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.said)
	s.said, s.chimes, s.settings = nil, nil, Settings{}
}

// Close implements Voice.
func (s *Silent) Close() { s.Wipe() }

// Speak and Name make a Silent an Engine too.
func (s *Silent) Speak(_ context.Context, text string, to Settings) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.said, s.settings = append(s.said, Utterance{Text: text}), to
	return nil
}

// Name implements Engine.
func (*Silent) Name() string { return "none" }
