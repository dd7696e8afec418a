"""Fields, lists, buttons and links in the shapes that pages give them."""

# ruff: noqa: E501 (lines of markup)
from __future__ import annotations

import pytest

from tests.local.eyes.conftest import kinds, only

IN = "font:16px Liberation Sans;padding:10px;width:300px"
LABELS = {
    "above": f"<label style='display:block;margin-bottom:4px'>City</label><input style='{IN};border:1px solid #bbb'>",
    "left": f"<label style='margin-right:20px'>City</label><input style='{IN};border:1px solid #bbb'>",
    "on the frame": "<div style='position:relative'><span style='position:absolute;left:12px;top:-8px;background:#fff;"
    f"padding:0 4px;font-size:13px'>City</span><input style='{IN};border:1px solid #999;border-radius:6px'></div>",
    "inside, small": "<div style='position:relative'><span style='position:absolute;left:12px;top:5px;font-size:12px;"
    f"color:#777'>City</span><input value='Paris' style='{IN};padding-top:22px;border:1px solid #999'></div>",
    "filled": f"<label style='display:block'>City</label><input style='{IN};border:0;background:#e8eaee'>",
    "underlined": f"<label style='display:block'>City</label><input style='{IN};border:0;border-bottom:1px solid #888'>",
    "round": f"<label style='display:block'>City</label><input style='{IN};border:1px solid #888;border-radius:99px'>",
    "faint": f"<label style='display:block;color:#888'>City</label><input style='{IN};border:1px solid #eaeaea'>",
}


@pytest.mark.parametrize("where", LABELS)
def test_a_field_has_the_label_that_a_person_sees(look, where):
    assert only(look(LABELS[where]), "input").label == "City"


def test_a_placeholder_is_the_text_of_a_field_without_label(look):
    field = only(look(f"<input placeholder='Search invoices' style='{IN};border:1px solid #ccc'>"), "input")
    assert (field.text, field.label) == ("Search invoices", "")


@pytest.mark.parametrize("zoom", [0.75, 1, 1.5])
def test_a_dark_form_is_seen_at_any_zoom(shot, look, zoom):
    style = f"color:#eee;background:#1f2937;zoom:{zoom}"
    field = f"{IN};background:#1f2937;color:#eee;border:1px solid #4b5563"
    button = "display:block;margin-top:20px;padding:10px 30px;background:#3b82f6;color:#fff;border:0;border-radius:99px"
    scene = look(
        f"<style>html{{{style}}}</style><label style='display:block'>Email</label><input style='{field}'>"
        f"<button style='{button}'>Sign in</button>"
    )
    assert only(scene, "input").label == "Email"
    assert only(scene, "button").text == "Sign in"


def test_native_and_drawn_lists_are_selects(look):
    arrow = "<svg style='position:absolute;right:10px;top:16px' width=12 height=8><path d='M1 1l5 5 5-5' fill='none' stroke='#666' stroke-width='2'/></svg>"
    drawn = f"<div style='position:relative;width:220px;margin-top:30px'><div style='border:1px solid #aaa;padding:10px'>Monthly</div>{arrow}</div>"
    scene = look(f"<select><option>United Kingdom</select>{drawn}")
    assert [(c.kind, c.text) for c in scene.controls] == [("select", "United Kingdom"), ("select", "Monthly")]


def test_a_text_area_is_a_field(look):
    field = only(look("<p>Notes</p><textarea rows=5 cols=40></textarea>"), "input")
    assert field.label == "Notes"
    assert field.box.h > 60


def test_links_stand_out_by_colour_or_underline(look):
    scene = look(
        "<p>New here? <a href=#>Create an account</a></p><a href=# style='color:#0a7c42;text-decoration:none'>Docs</a>"
    )
    assert [(c.kind, c.text) for c in scene.controls] == [("link", "Create an account"), ("link", "Docs")]


def test_a_switch_is_a_check_with_its_state(look):
    def switch(on):
        knob = "right:2px" if on else "left:2px"
        colour = "#16a34a" if on else "#999"
        return (
            f"<div style='display:flex;gap:10px;margin:12px'><span style='position:relative;width:40px;height:22px;border-radius:99px;"
            f"background:{colour}'><i style='position:absolute;top:2px;{knob};width:18px;height:18px;border-radius:50%;background:#fff'></i></span>"
            f"Sound {'on' if on else 'off'}</div>"
        )

    scene = look(switch(True) + switch(False))
    assert [(c.label, c.checked) for c in scene.controls if c.kind == "check"] == [
        ("Sound on", True),
        ("Sound off", False),
    ]


def test_a_row_of_buttons_and_a_dialog_keep_their_words(look):
    box = "position:fixed;left:200px;top:150px;width:400px;background:#fff;padding:24px;border-radius:8px"
    scene = look(
        f"<p>Invoice 7</p><div style='position:fixed;inset:0;background:#0008'></div><div style='{box}'><h2>Sure?</h2>"
        "<button style='padding:8px 16px'>Cancel</button> <button style='padding:8px 16px;background:#b00;color:#fff;border:0'>Delete</button></div>"
    )
    assert [c.text for c in scene.controls if c.kind == "button"] == ["Cancel", "Delete"]


def test_a_slider_is_seen(look):
    assert "slider" in kinds(look("<p>Volume</p><input type=range style='width:300px'>"))
