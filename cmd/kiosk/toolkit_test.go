package main

import (
	"testing"

	"shlkiosk/ui/flow"
	"shlkiosk/ui/say"
	"shlkiosk/ui/words"

	"fyne.io/fyne/v2/test"
)

// What endsCleanly relies on is the toolkit's own and may go with a new
// version: then windows hang again when they end, one in seven.
func TestTheToolkitHasTheHook(t *testing.T) {
	a := test.NewApp() // its lifecycle is the real one
	hook, ok := a.Lifecycle().(interface{ SetOnStoppedHookExecuted(func()) })
	if !ok {
		t.Fatal("the toolkit's lifecycle has no hook to take away: see endsCleanly")
	}
	called := false
	hook.SetOnStoppedHookExecuted(func() { called = true })
	stopped, ok := a.Lifecycle().(interface{ OnStopped() func() })
	if !ok {
		t.Fatal("the toolkit does not tell what it calls at the end")
	}
	if f := stopped.OnStopped(); f != nil {
		f()
	}
	if !called {
		t.Fatal("the test looks at another hook")
	}
	endsCleanly(a)
	if stopped.OnStopped() != nil {
		t.Error("something is still called at the end")
	}
}

// Speech follows the patient's settings, and is as it was after the visit.
func TestVoiceFollowsThePatient(t *testing.T) {
	all, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	silent := &say.Silent{}
	v := &voice{Voice: silent, words: all, base: say.Settings{Volume: 70, Language: "en-us"}}
	at := flow.Settings{Language: "fr", Speech: true, Loud: true, Slow: true}
	v.follow(at)
	if got := silent.Settings(); got.Volume != 100 || !got.Slow || got.Muted || got.Language != all.In("fr").Language().Voice {
		t.Errorf("loud and slow in French: %+v", got)
	}
	at.Loud, at.Speech = false, false
	v.follow(at)
	if got := silent.Settings(); got.Volume != 70 || !got.Muted {
		t.Errorf("not loud, switched off: %+v", got)
	}
	v.effect(flow.Wipe{})
	if v.set != (flow.Settings{}) {
		t.Error("the last patient's settings are kept")
	}
}
