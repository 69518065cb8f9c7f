package say

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// mouth is an engine that takes a second a word and writes down what was heard
// of each text: all, or the part before it was cut off.
type mouth struct {
	mu    sync.Mutex
	heard []string
	err   error
	with  Settings
}

func (m *mouth) Name() string { return "mouth" }

func (m *mouth) Speak(ctx context.Context, text string, s Settings) error {
	m.mu.Lock()
	m.heard, m.with = append(m.heard, ""), s
	i := len(m.heard) - 1
	m.mu.Unlock()
	for word := range strings.FieldsSeq(text) {
		m.mu.Lock()
		m.heard[i] = strings.TrimSpace(m.heard[i] + " " + word)
		m.mu.Unlock()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.err
}

func (m *mouth) fail(err error) { m.mu.Lock(); m.err = err; m.mu.Unlock() }

func (m *mouth) all() []string { m.mu.Lock(); defer m.mu.Unlock(); return slices.Clone(m.heard) }

// spoken runs f beside a Speaker in a bubble of its own time, and tells what
// was heard in the end.
func spoken(t *testing.T, o Options, f func(s *Speaker)) []string {
	t.Helper()
	m := &mouth{}
	synctest.Test(t, func(t *testing.T) {
		o.Engine = m
		if o.Default == (Settings{}) {
			o.Default = Settings{Volume: 70, Language: "en-us"}
		}
		s := New(o)
		f(s)
		time.Sleep(time.Minute)
		s.Close()
	})
	return m.all()
}

func plain(texts ...string) []Utterance {
	var all []Utterance
	for _, s := range texts {
		all = append(all, Utterance{Text: s})
	}
	return all
}

func TestSayRepeatStopWipe(t *testing.T) {
	for name, tc := range map[string]struct {
		do   func(s *Speaker)
		want []string
	}{
		"in order": {func(s *Speaker) { s.Say(plain("one two", "", "three")...) }, []string{"one two", "three"}},
		"interrupted": {func(s *Speaker) {
			s.Say(plain("one two three", "four")...)
			time.Sleep(1500 * time.Millisecond)
			s.Say(plain("five")...)
		}, []string{"one two", "five"}},
		"stopped": {func(s *Speaker) {
			s.Say(plain("one two three", "four")...)
			time.Sleep(500 * time.Millisecond)
			s.Stop()
		}, []string{"one"}},
		"repeated after stop": {func(s *Speaker) {
			s.Say(plain("one two")...)
			time.Sleep(500 * time.Millisecond)
			s.Stop()
			s.Repeat()
		}, []string{"one", "one two"}},
		"wiped": {func(s *Speaker) {
			s.Say(plain("one two", "three")...)
			time.Sleep(500 * time.Millisecond)
			s.Wipe()
			s.Repeat()
		}, []string{"one"}},
		"muted":  {func(s *Speaker) { s.Set(Settings{Volume: 70, Muted: true}); s.Say(plain("one")...) }, nil},
		"volume": {func(s *Speaker) { s.Set(Settings{Volume: 0}); s.Say(plain("one")...) }, nil},
		"silenced in the middle": {func(s *Speaker) {
			s.Say(plain("one two three")...)
			time.Sleep(1500 * time.Millisecond)
			s.Set(Settings{Volume: 70, Muted: true})
		}, []string{"one two"}},
		"closed": {func(s *Speaker) { s.Close(); s.Say(plain("one")...); s.Chime(ToneRead) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if got := spoken(t, Options{}, tc.do); !slices.Equal(got, tc.want) {
				t.Errorf("heard %q, want %q", got, tc.want)
			}
		})
	}
}

func TestPrivateThingsNeedHeadphonesOrAloud(t *testing.T) {
	private := []Utterance{{Text: "Your record."}, {Text: "penicillin allergy here", Private: true}, {Text: "Go on?"}}
	aloud := Settings{Volume: 70, Aloud: true}
	for name, tc := range map[string]struct {
		do   func(s *Speaker, j *Jack)
		want []string
	}{
		"in the room": {func(s *Speaker, _ *Jack) { s.Say(private...) }, []string{"Your record.", "Go on?"}},
		"headphones":  {func(s *Speaker, j *Jack) { j.Set(true); s.Say(private...) }, []string{"Your record.", "penicillin allergy here", "Go on?"}},
		"aloud":       {func(s *Speaker, _ *Jack) { s.Set(aloud); s.Say(private...) }, []string{"Your record.", "penicillin allergy here", "Go on?"}},
		"pulled out": {func(s *Speaker, j *Jack) {
			j.Set(true)
			s.Say(private...)
			time.Sleep(2500 * time.Millisecond)
			j.Set(false)
		}, []string{"Your record.", "penicillin", "Go on?"}},
		"aloud ended": {func(s *Speaker, _ *Jack) {
			s.Set(aloud)
			s.Say(private...)
			time.Sleep(2500 * time.Millisecond)
			s.Set(Settings{Volume: 70})
		}, []string{"Your record.", "penicillin", "Go on?"}},
		"repeat in the room": {func(s *Speaker, j *Jack) {
			j.Set(true)
			s.Say(private[1])
			time.Sleep(10 * time.Second)
			j.Set(false)
			s.Repeat()
		}, []string{"penicillin allergy here"}},
		"wipe takes aloud away": {func(s *Speaker, _ *Jack) { s.Set(aloud); s.Wipe(); s.Say(private...) }, []string{"Your record.", "Go on?"}},
	} {
		t.Run(name, func(t *testing.T) {
			j := &Jack{}
			got := spoken(t, Options{Headphones: j}, func(s *Speaker) { tc.do(s, j) })
			if len(got) > 1 {
				got[1] = strings.TrimSuffix(got[1], " allergy")
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("heard %q, want %q", got, tc.want)
			}
		})
	}
}

func TestSettingsReachTheEngineAndAreReset(t *testing.T) {
	m := &mouth{}
	synctest.Test(t, func(t *testing.T) {
		start := Settings{Volume: 70, Language: "en-us"}
		s := New(Options{Engine: m, Default: start})
		s.Set(Settings{Volume: 140, Language: "vi", Slow: true})
		s.Say(plain("one")...)
		synctest.Wait()
		if want := (Settings{Volume: 100, Language: "vi", Slow: true}); m.with != want {
			t.Errorf("spoke with %+v, want %+v", m.with, want)
		}
		s.Wipe()
		s.Say(plain("two")...)
		synctest.Wait()
		if m.with != start {
			t.Errorf("after the wipe spoke with %+v, want %+v", m.with, start)
		}
		s.Close()
	})
}

func TestAFailingEngineIsReportedOnceInARow(t *testing.T) {
	m := &mouth{err: ErrNoSound}
	var told []error
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{Engine: m, Default: Settings{Volume: 70}, OnError: func(err error) { told = append(told, err) }})
		s.Say(plain("one", "two", "three")...)
		time.Sleep(time.Minute)
		m.fail(nil)
		s.Say(plain("four")...)
		time.Sleep(time.Minute)
		m.fail(ErrNoSound)
		s.Say(plain("five")...)
		time.Sleep(time.Minute)
		s.Close()
	})
	if len(told) != 2 || !errors.Is(told[0], ErrNoSound) {
		t.Errorf("told %v", told)
	}
}

func TestJackWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j, heard := &Jack{}, []bool(nil)
		j.OnChange(func(p bool) { heard = append(heard, p) })
		answers := [][2]bool{{false, true}, {true, true}, {true, true}, {true, false}, {true, true}}
		ctx, cancel := context.WithCancel(t.Context())
		var done sync.WaitGroup
		done.Go(func() {
			j.Watch(ctx, func(context.Context) (bool, bool) {
				a := answers[0]
				if len(answers) > 1 {
					answers = answers[1:]
				}
				return a[0], a[1]
			}, time.Second)
		})
		time.Sleep(10 * time.Second)
		cancel()
		done.Wait()
		if want := []bool{true, false, true, false}; !slices.Equal(heard, want) {
			t.Errorf("heard %v, want %v (not knowing is no, and so is the end)", heard, want)
		}
	})
}

func TestProbesReadWhatTheSystemSays(t *testing.T) {
	pactl := func(active, kind, available string) string {
		return "Sink #1\n\tName: hdmi\n\tPorts:\n\t\thdmi-output-0: HDMI (type: HDMI, priority: 1)\n\tActive Port: hdmi-output-0\n" +
			"Sink #2\n\tName: analog\n\tPorts:\n\t\tspeaker: Speakers (type: Speaker, priority: 1)\n" +
			"\t\tphones: Headphones (type: " + kind + ", priority: 2, availability group: x, " + available + ")\n\tActive Port: " + active + "\n"
	}
	for name, tc := range map[string]struct {
		out, sink      string
		plugged, known bool
	}{
		"headphones":     {pactl("phones", "Headphones", "available"), "analog", true, true},
		"headset":        {pactl("phones", "Headset", "availability unknown"), "analog", true, true},
		"not plugged":    {pactl("phones", "Headphones", "not available"), "analog", false, true},
		"speaker in use": {pactl("speaker", "Headphones", "available"), "analog", false, true},
		"another sink":   {pactl("phones", "Headphones", "available"), "hdmi", false, true},
		"no such sink":   {pactl("phones", "Headphones", "available"), "usb", false, false},
		"nothing":        {"", "analog", false, false},
	} {
		if p, k := fromPactl([]byte(tc.out), tc.sink); p != tc.plugged || k != tc.known {
			t.Errorf("pactl %s: %v %v, want %v %v", name, p, k, tc.plugged, tc.known)
		}
	}
	amixer := "numid=17,iface=CARD,name='Headphone Jack'\n  ; type=BOOLEAN,access=r-------,values=1\n  : values=%\n" +
		"numid=2,iface=MIXER,name='Headphone Playback Switch'\n  ; type=BOOLEAN\n  : values=on,on\n"
	for value, want := range map[string]bool{"on": true, "off": false} {
		if p, k := fromAmixer([]byte(strings.Replace(amixer, "%", value, 1))); p != want || !k {
			t.Errorf("amixer %s: %v %v", value, p, k)
		}
	}
	if p, k := fromAmixer([]byte("numid=2,iface=MIXER,name='Headphone Playback Switch'\n  : values=on,on\n")); p || k {
		t.Error("a volume switch is no jack")
	}
}
