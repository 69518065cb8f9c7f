package main

import (
	"context"
	"log/slog"
	"time"

	"shlkiosk/config"
	"shlkiosk/ui/flow"
	"shlkiosk/ui/patient"
	"shlkiosk/ui/say"
	"shlkiosk/ui/words"
)

// voice joins the window to speech and sounds.
type voice struct {
	say.Voice
	words *words.Catalogue
	base  say.Settings
	set   flow.Settings
}

// newVoice never fails: a kiosk without sound is silent and says so in the
// log.
func newVoice(ctx context.Context, cfg config.Config, cat *words.Catalogue, log *slog.Logger, send func(flow.Event)) *voice {
	v := &voice{words: cat}
	v.base = say.Settings{Volume: cfg.Speech.Volume, Language: cat.In(cfg.Languages[0]).Language().Voice}
	engine, err := say.Pick(cfg.Speech.Engine, nil)
	if err != nil {
		log.Warn("no speech", "error", err)
	}
	player, err := say.NewPlayer(nil)
	o := say.Options{Engine: engine, Default: v.base, Headphones: &say.Jack{},
		OnError: func(err error) { log.Warn("sound failed", "error", err) }}
	if err == nil {
		o.Player = player
	}
	v.Voice = say.New(o)
	o.Headphones.OnChange(func(plugged bool) { // U13: plugging them in switches speech on
		if plugged {
			send(flow.SpeechOn{})
		}
	})
	go o.Headphones.Watch(ctx, say.SystemProbe, 2*time.Second)
	return v
}

// follow takes the patient's settings.
func (v *voice) follow(s flow.Settings) {
	if s == v.set {
		return
	}
	v.set = s
	to := v.base
	to.Language = v.words.In(s.Language).Language().Voice
	to.Slow, to.Aloud, to.Muted = s.Slow, s.Aloud, !s.Speech
	if s.Loud {
		to.Volume = 100
	}
	v.Set(to)
}

func (v *voice) announce(all []patient.Utterance) {
	out := make([]say.Utterance, len(all))
	for i, u := range all {
		out[i] = say.Utterance(u)
	}
	v.Say(out...)
}

// effect gives the flow's sounds and falls silent with the visit.
func (v *voice) effect(e flow.Effect) {
	switch e := e.(type) {
	case flow.Chime:
		v.Chime(say.Tone(e.Tone))
	case flow.Wipe:
		v.set = flow.Settings{}
		v.Wipe()
	}
}
