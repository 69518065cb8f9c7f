package patient

import (
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"shlkiosk/sync/summary"
	"shlkiosk/ui/flow"
	"shlkiosk/ui/kit"
	"shlkiosk/ui/kit/kittest"
)

// secretsOf are the words of a record that may be seen on Review alone.
func secretsOf(v *summary.View) []string {
	seen := map[string]bool{}
	add := func(all ...string) {
		for _, s := range all {
			if len([]rune(s)) > 3 {
				seen[s] = true
			}
		}
	}
	p := v.Person
	add(p.Name.Reveal(), p.Given.Reveal(), p.Family.Reveal(), p.AddressLine.Reveal(), p.Phone.Reveal(), p.IDTail.Reveal())
	for _, s := range v.Sections {
		for _, it := range s.Items {
			add(it.Title.Reveal())
			for _, l := range it.Lines {
				add(l.Value.Text.Reveal())
			}
		}
	}
	for _, c := range v.Cards {
		add(c.Payer.Reveal(), c.Plan.Reveal(), c.MemberID.Reveal(), c.MemberTail.Reveal(), c.Group.Reveal())
	}
	for _, d := range v.Documents {
		add(d.Title.Reveal())
	}
	var out []string
	for s := range seen {
		out = append(out, s)
	}
	return out
}

func shows(texts, secrets []string) string {
	all := strings.Join(texts, "\n")
	for _, s := range secrets {
		if strings.Contains(all, s) {
			return s
		}
	}
	return ""
}

// No screen but Review shows anything of the record (U23), not the one that
// covers Review either.
func TestOnlyReviewShowsTheRecord(t *testing.T) {
	v := sampleView(t)
	secrets := secretsOf(v)
	if len(secrets) < 30 {
		t.Fatalf("the sample record has %d words to look for: too few", len(secrets))
	}
	b := newBench(t, displays["21"])
	settings := flow.Settings{Language: "en", Size: 100, Theme: "light"}
	review := at(flow.Review)
	for _, screen := range flow.Screens() {
		b.Render(review, v)
		if shows(kittest.Strings(b.Content()), secrets) == "" {
			t.Fatal("Review shows nothing of the record: the test looks at the wrong thing")
		}
		s := at(screen)
		s.Settings = settings
		b.Render(s, v)
		got := shows(kittest.Strings(b.Content()), secrets)
		if screen.Private() != (got != "") {
			t.Errorf("%s shows %q", screen, got)
		}
	}
	b.Render(review, v)
	review.WarnUntil = sampleNow.Add(30 * time.Second)
	b.Render(review, v)
	if got := shows(kittest.Strings(b.Content()), secrets); got != "" {
		t.Errorf("the idle warning over Review shows %q", got)
	}
	for _, s := range scenes() {
		if s.state.Screen.Private() {
			continue
		}
		b.play(t, s, settings)
		if got := shows(kittest.Strings(b.Content()), secrets); got != "" {
			t.Errorf("%s shows %q", s.name, got)
		}
	}
}

// Once Review is left, the objects that it was made of hold no words, even
// those that somebody else still holds (U25).
func TestObjectsOfReviewForget(t *testing.T) {
	b := newBench(t, displays["21"])
	for _, s := range scenes() {
		if s.state.Screen != flow.Review || s.state.Warning() {
			continue
		}
		b.play(t, s, flow.Settings{Language: "en", Size: 100, Theme: "light"})
		secrets := secretsOf(b.view)
		var texts []*canvas.Text
		var words []*kit.Text
		var presses []kit.Pressable
		var pictures []*canvas.Image
		kit.Walk(b.Content(), func(o fyne.CanvasObject, _ fyne.Position) {
			switch o := o.(type) {
			case *canvas.Text:
				texts = append(texts, o)
			case *kit.Text:
				words = append(words, o)
			case kit.Pressable:
				presses = append(presses, o)
			case *canvas.Image:
				if o.Image != nil && o.Resource == nil {
					pictures = append(pictures, o)
				}
			}
		})
		if s.name == "review-document" && len(pictures) == 0 {
			t.Error("no page of the document is shown: the test looks at the wrong thing")
		}
		b.Render(at(flow.Done), nil)
		if b.review != nil || b.view != nil || len(b.LeftOut()) != 0 {
			t.Errorf("%s: the window still holds the record", s.name)
		}
		for _, o := range texts {
			if o.Text != "" {
				t.Errorf("%s: a text still says something", s.name)
			}
		}
		for _, o := range words {
			if o.Content() != "" {
				t.Errorf("%s: words still say something", s.name)
			}
		}
		for _, o := range presses {
			if got := shows([]string{o.LabelText(), o.Spoken()}, secrets); got != "" {
				t.Errorf("%s: a button still says something", s.name)
			}
		}
		for _, o := range pictures {
			if o.Image != nil {
				t.Errorf("%s: the picture of a page is still held", s.name)
			}
		}
	}
}

// The passcode is overwritten when it is handed on, when it is erased and when
// the screen is left.
func TestPasscodeIsOverwritten(t *testing.T) {
	b := newBench(t, displays["21"])
	leave := map[string]func(){
		"sent": func() {
			b.now = b.now.Add(time.Second)
			b.TypedKey(fyne.KeyReturn)
		},
		"left": func() { b.Render(at(flow.Desk), nil) },
		"erased": func() {
			for range 8 {
				b.TypedKey(fyne.KeyBackspace)
			}
		},
	}
	for name, f := range leave {
		b.Render(at(flow.Attract), nil)
		b.Render(at(flow.Passcode), nil)
		type4(b.Window, "Zq8#Zq8#")
		held := b.pass.runes[:cap(b.pass.runes)]
		if string(held[:8]) != "Zq8#Zq8#" {
			t.Fatal("the passcode is not where the test looks")
		}
		f()
		for _, r := range held {
			if r != 0 {
				t.Errorf("%s: a character is left", name)
			}
		}
		if got := strings.Join(kittest.Strings(b.Content()), ""); strings.Contains(got, "Zq8#") {
			t.Errorf("%s: the screen shows it", name)
		}
	}
}
