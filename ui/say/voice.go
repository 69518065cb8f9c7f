package say

import (
	"context"
	"slices"
	"sync"
)

// Voice is what the window needs of speech. All methods come back at once and
// may be called from any goroutine.
type Voice interface {
	// Say says these in order and cuts off what was being said.
	Say(all ...Utterance)
	// Repeat says the last Say again.
	Repeat()
	// Stop falls silent; Repeat still works.
	Stop()
	// Set changes language, speed, volume and what may be heard. It holds for
	// the next utterance; taking Aloud away silences a private one at once.
	Set(s Settings)
	// Chime gives a short sound, also while nothing is said.
	Chime(t Tone)
	// Wipe ends the visit: silent, all forgotten, settings as at the start.
	Wipe()
	// Close ends for good and waits until all is quiet.
	Close()
}

// Utterance is something to be said. Its fields are those of ui/patient's, so
// that one converts into the other.
type Utterance struct {
	Text    string
	Private bool // of the record: into headphones, or where the patient asked for it
}

// Settings are the patient's.
type Settings struct {
	Language string // the voice, as Words.Language().Voice: "en-us", "es-419", "cmn"
	Slow     bool
	Volume   int  // percent; 0 is silent
	Muted    bool // no speech; chimes stay
	Aloud    bool // private things may be heard in the room
}

// Engine makes sound of a text.
type Engine interface {
	// Speak says the text and comes back when it was said, or soon after ctx
	// ended. The error never holds text.
	Speak(ctx context.Context, text string, s Settings) error
	// Name is for diagnostics: "espeak-ng".
	Name() string
}

// Player plays a sound; nil: there are no sounds.
type Player interface {
	Play(ctx context.Context, wav []byte) error
}

// Options make a Speaker. Engine may be nil: then only chimes are heard.
type Options struct {
	Engine  Engine
	Player  Player
	Default Settings // at the start and after every Wipe
	// Headphones tells whether headphones are plugged in when known; nil: never.
	Headphones *Jack
	// OnError hears of an engine or player that fails, once for each error in a
	// row; the error holds no text.
	OnError func(error)
}

// Speaker is the Voice with an engine.
type Speaker struct {
	o      Options
	ctx    context.Context
	cancel context.CancelFunc
	done   sync.WaitGroup
	wake   chan struct{}

	mu       sync.Mutex
	settings Settings
	queue    []Utterance
	last     []Utterance
	current  *speech
	failed   bool
}

// speech is one utterance being said.
type speech struct {
	private bool
	stop    context.CancelFunc
}

var _ Voice = (*Speaker)(nil)

// New starts a Speaker; Close ends it.
func New(o Options) *Speaker {
	ctx, cancel := context.WithCancel(context.Background())
	s := &Speaker{o: o, ctx: ctx, cancel: cancel, wake: make(chan struct{}, 1), settings: o.Default}
	if o.Headphones != nil {
		o.Headphones.onChange(func(bool) { s.judge() })
	}
	s.done.Go(s.work)
	return s
}

// Say implements Voice.
func (s *Speaker) Say(all ...Utterance) {
	s.mu.Lock()
	s.last = slices.Clone(all)
	s.begin(all)
	s.mu.Unlock()
}

// Repeat implements Voice.
func (s *Speaker) Repeat() {
	s.mu.Lock()
	s.begin(s.last)
	s.mu.Unlock()
}

// begin must be called with the lock held.
func (s *Speaker) begin(all []Utterance) {
	s.silence()
	s.queue = slices.Clone(all)
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// silence must be called with the lock held.
func (s *Speaker) silence() {
	clear(s.queue)
	s.queue = nil
	if s.current != nil {
		s.current.stop()
	}
}

// Stop implements Voice.
func (s *Speaker) Stop() {
	s.mu.Lock()
	s.silence()
	s.mu.Unlock()
}

// Set implements Voice.
func (s *Speaker) Set(to Settings) {
	to.Volume = min(max(to.Volume, 0), 100)
	s.mu.Lock()
	s.settings = to
	if to.Muted {
		s.silence()
	}
	s.mu.Unlock()
	s.judge()
}

// Wipe implements Voice.
func (s *Speaker) Wipe() {
	s.mu.Lock()
	s.silence()
	clear(s.last)
	s.last = nil
	s.settings = s.o.Default
	s.mu.Unlock()
}

// Chime implements Voice.
func (s *Speaker) Chime(t Tone) {
	s.mu.Lock()
	volume := s.settings.Volume
	s.mu.Unlock()
	wav := Sound(t, volume)
	if s.o.Player == nil || wav == nil || volume == 0 || s.ctx.Err() != nil {
		return
	}
	s.done.Go(func() { s.report(s.o.Player.Play(s.ctx, wav)) })
}

// Close implements Voice.
func (s *Speaker) Close() {
	s.Wipe()
	s.cancel()
	s.done.Wait()
}

// judge cuts off a private utterance that may no longer be heard.
func (s *Speaker) judge() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current != nil && s.current.private && !s.mayHear() {
		s.current.stop()
	}
}

// mayHear tells whether private things may be spoken now; with the lock held.
func (s *Speaker) mayHear() bool {
	return s.settings.Aloud || s.o.Headphones != nil && s.o.Headphones.Plugged()
}

// work says what is queued, one utterance after the other.
func (s *Speaker) work() {
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-s.wake:
		}
		for s.next() {
		}
	}
}

// next says one utterance; false when there is none.
func (s *Speaker) next() bool {
	s.mu.Lock()
	if len(s.queue) == 0 || s.ctx.Err() != nil {
		s.mu.Unlock()
		return false
	}
	u := s.queue[0]
	s.queue[0] = Utterance{}
	s.queue = s.queue[1:]
	settings := s.settings
	if u.Text == "" || s.o.Engine == nil || settings.Muted || settings.Volume == 0 || u.Private && !s.mayHear() {
		s.mu.Unlock()
		return true
	}
	ctx, stop := context.WithCancel(s.ctx)
	s.current = &speech{private: u.Private, stop: stop}
	s.mu.Unlock()

	err := s.o.Engine.Speak(ctx, u.Text, settings)
	stopped := ctx.Err() != nil
	stop()
	s.mu.Lock()
	s.current = nil
	s.mu.Unlock()
	if !stopped {
		s.report(err)
	}
	return true
}

func (s *Speaker) report(err error) {
	s.mu.Lock()
	tell := err != nil && !s.failed && s.ctx.Err() == nil
	s.failed = err != nil
	s.mu.Unlock()
	if tell && s.o.OnError != nil {
		s.o.OnError(err)
	}
}
