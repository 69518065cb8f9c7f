package kit

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// Theme is the Look for Fyne's own widgets, which the desk's screens use for
// tables and entries.
func (l *Look) Theme() fyne.Theme { return lookTheme{l} }

type lookTheme struct{ l *Look }

func (t lookTheme) Color(name fyne.ThemeColorName, _ fyne.ThemeVariant) color.Color {
	p := t.l.Palette
	switch name {
	case theme.ColorNameBackground:
		return p.Ground
	case theme.ColorNameForeground:
		return p.Ink
	case theme.ColorNamePlaceHolder, theme.ColorNameDisabled:
		return p.Soft
	case theme.ColorNameButton, theme.ColorNameInputBackground, theme.ColorNameMenuBackground,
		theme.ColorNameOverlayBackground, theme.ColorNameHeaderBackground:
		return p.Card
	case theme.ColorNameInputBorder:
		return p.Edge
	case theme.ColorNamePrimary, theme.ColorNameHyperlink:
		return p.Primary
	case theme.ColorNameForegroundOnPrimary:
		return p.OnPrimary
	case theme.ColorNameFocus:
		return p.Focus
	case theme.ColorNameSelection, theme.ColorNameHover:
		return p.Tint
	case theme.ColorNamePressed:
		return p.Pressed
	case theme.ColorNameSeparator:
		return p.Hair
	case theme.ColorNameScrollBar:
		return p.Edge
	case theme.ColorNameShadow:
		return transparent
	case theme.ColorNameError, theme.ColorNameWarning:
		return p.NoticeEdge
	case theme.ColorNameSuccess:
		return p.Good
	case theme.ColorNameForegroundOnError, theme.ColorNameForegroundOnWarning, theme.ColorNameForegroundOnSuccess:
		return p.Card
	}
	variant := theme.VariantLight
	if p.Dark() {
		variant = theme.VariantDark
	}
	return theme.DefaultTheme().Color(name, variant)
}

func (t lookTheme) Font(s fyne.TextStyle) fyne.Resource {
	if s.Monospace || s.Symbol {
		return theme.DefaultTheme().Font(s)
	}
	return Font(s.Bold)
}

func (t lookTheme) Icon(name fyne.ThemeIconName) fyne.Resource {
	return theme.DefaultTheme().Icon(name)
}

func (t lookTheme) Size(name fyne.ThemeSizeName) float32 {
	l := t.l
	switch name {
	case theme.SizeNameText:
		return l.TextSize(Body)
	case theme.SizeNameCaptionText:
		return l.TextSize(Body)
	case theme.SizeNameHeadingText:
		return l.TextSize(Title)
	case theme.SizeNameSubHeadingText:
		return l.TextSize(Heading)
	case theme.SizeNamePadding:
		return l.MM(1)
	case theme.SizeNameInnerPadding:
		return l.MM(1.8)
	case theme.SizeNameInlineIcon:
		return l.TextSize(Body) * 1.2
	case theme.SizeNameInputBorder:
		return l.Stroke()
	case theme.SizeNameInputRadius, theme.SizeNameSelectionRadius:
		return l.Radius()
	case theme.SizeNameScrollBar:
		return l.MM(3)
	case theme.SizeNameScrollBarSmall:
		return l.MM(1.5)
	}
	return theme.DefaultTheme().Size(name)
}
