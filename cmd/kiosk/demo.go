package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"shlkiosk/camera"
	"shlkiosk/camera/gocv"
	"shlkiosk/camera/still"
	"shlkiosk/cmd/internal/cli"
	"shlkiosk/config"
	"shlkiosk/sync/sandbox"
	"shlkiosk/sync/staff"
)

// demoPIN opens the front desk in the demo. It protects nothing: everything
// there is synthetic.
const demoPIN = "270418"

func demoVerb() cli.Verb {
	return cli.Verb{Name: "demo", Short: "the kiosk in its embedded demo world",
		Long: `With a display: the real window, and a second one with the demo patients' codes,
to be held up to a camera or picked by a click. The front desk's PIN is ` + demoPIN + `.
Without a display, or with --auto: a demo patient walks through the real screens
by itself; a picture of each and the receipt go into --out, and the exit code
is 0 when the chart at the end is verified.`,
		Flags: func(c *cli.Call) {
			c.Values["auto"] = c.FS.Bool("auto", false, "walk through by itself, also with a display")
			c.Values["out"] = c.FS.String("out", "demo-out", "folder for pictures and receipt of a walk")
			c.Values["size"] = c.FS.String("size", "1920x1080", "size of the virtual display")
			c.Values["clip"] = c.FS.Bool("clip", false, "show the drawn clip even when a camera is there")
			c.Values["preview"] = c.FS.Duration("preview", 0, "stay on the scan screen this long first and measure the preview (--auto)")
			c.Values["by"] = c.FS.String("by", byMouse, "how the demo patient walks: mouse, keys or wedge")
			c.Values["patient"] = c.FS.String("patient", "returning", "which demo patient walks (--auto)")
		},
		Run: runDemo}
}

func runDemo(ctx context.Context, c *cli.Call) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	display := c.Getenv("DISPLAY")
	auto := *c.Values["auto"].(*bool)
	virtual := !displayAnswers(display)
	width, height := 1920, 1080
	if _, err := fmt.Sscanf(*c.Values["size"].(*string), "%dx%d", &width, &height); err != nil || width < 640 || height < 480 {
		return cli.Usagef("--size is written like 1920x1080")
	}
	dir, err := os.MkdirTemp("", "shlkiosk-demo-")
	if err != nil {
		return fmt.Errorf("making a folder for the demo's ledger: %w", err)
	}
	defer os.RemoveAll(dir)
	if by := *c.Values["by"].(*string); by != byMouse && by != byKeys && by != byWedge {
		return cli.Usagef("--by is mouse, keys or wedge")
	}
	if virtual {
		auto = true
		name, stop, err := virtualDisplay(ctx, dir, width, height)
		if err != nil {
			return err
		}
		defer stop()
		display = name
		fmt.Fprintf(c.Stdout, "no display here: started a virtual one (%s, %dx%d)\n", name, width, height)
	}
	os.Setenv("DISPLAY", display)
	if err := glWorks(ctx, display); err != nil {
		return err
	}

	world, err := sandbox.Start(ctx, sandbox.Options{})
	if err != nil {
		return fmt.Errorf("starting the demo world: %w", err)
	}
	defer world.Close()
	base, err := demoConfig(world, dir)
	if err != nil {
		return err
	}
	if virtual {
		base.Display.Width, base.Display.Height = width, height
	}
	if auto { // a walk on a busy machine must not race the screens that end by themselves
		base.Idle.Done, base.Idle.Desk = time.Minute, 2*time.Minute
	}
	cfg, err := c.Config(config.NeedAll, &base)
	if err != nil {
		return err
	}
	phone := &still.Phone{Width: 1280, Height: 720}
	p := &program{cfg: cfg, demo: &demoWorld{world: world, phone: phone, made: dir}, auto: auto,
		out: *c.Values["out"].(*string), call: c, camera: phone, story: *c.Values["patient"].(*string), by: *c.Values["by"].(*string), preview: *c.Values["preview"].(*time.Duration),
		virtual: virtual, screen: framebuffer{dir}}
	if !*c.Values["clip"].(*bool) && !auto {
		p.camera = &fallback{first: deviceOf(cfg.Camera), then: phone, used: &p.demo.clip}
	} else {
		p.demo.clip.Store(true)
	}
	return p.run(ctx)
}

// demoConfig is the configuration of the demo world; a file, variables and
// flags may lie over it.
func demoConfig(w *sandbox.World, dir string) (config.Config, error) {
	c := config.Defaults()
	hash, err := staff.Hash(demoPIN)
	if err != nil {
		return c, fmt.Errorf("hashing the demo's PIN: %w", err)
	}
	c.Organization, c.Site, c.Kiosk = "Riverside Family Clinic", "Demo", "kiosk-1"
	c.FHIR.Base = w.FHIRBase()
	c.Retrieval.Allow = []string{w.Base()}
	c.Identity.Policy = "create"
	c.Ledger.Dir = filepath.Join(dir, "ledger")
	c.Staff.People = []config.Person{{ID: "demo", Name: "Demo Desk", PINHash: hash}}
	c.Display.Fullscreen = false
	c.Display.Width, c.Display.Height = 1280, 800
	c.Ledger.KeepDone = 24 * time.Hour
	return c, nil
}

// deviceOf is the source that the configuration names.
func deviceOf(c config.Camera) camera.Source {
	if c.Device != "" {
		if info, err := os.Stat(c.Device); err == nil && info.IsDir() {
			return &still.Folder{Dir: c.Device, FPS: float64(c.FPS), Loop: true}
		} else if err == nil && info.Mode().IsRegular() {
			return &gocv.Film{Path: c.Device, Loop: true}
		}
	}
	return gocv.NewCamera(gocv.Options{Device: c.Device, Width: c.Width, Height: c.Height, FPS: c.FPS, MJPG: c.MJPG})
}
