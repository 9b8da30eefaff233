//! Texts with what is new in them.

use super::*;

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(of(text, None, None), expected, "{text:?}");
}

#[test]
fn quotations_are_cut() {
    check("", "");
    check("Hello\n\nWorld", "Hello\n\nWorld");
    check("New\n\nOn Mon, 1 Jan 2024, Anna wrote:\n> old\n>\n> older\n", "New");
    check("New\n\nOn Mon, 1 Jan 2024 at 10:00\nAnna <a@example.com> wrote:\n\n> old\n\n> older", "New");
    check("New\n> old\n", "New");
    check("New\n\nOn 1 Jan 2024, Anna <a@example.com> wrote:\nold without marks\n", "New");
    check("New\n\n2024-01-01 10:00 GMT+1 Anna <a@example.com>:\n\nold without marks\n", "New");
    check("On Monday Anna wrote:\n> old\n\nNew below", "New below");
    check("Anna Berg wrote:\n> old\nNew", "New");
    check("New\n\n---- Anna Berg wrote ----\n\n> old", "New");
    check("New\n-----Original Message-----\nFrom: a\nold", "New");
    check("New\n\nVon: Anna\nGesendet: Montag\nAn: Bert\nBetreff: x\n\nold", "New");
    check("New\n\n________________________________\nFrom: a@b.c\nTo: d@e.f\n\nold", "New");
    check("New\n\n*From:* a@b.c\n*Sent:* Monday\n*Subject:* x\n\nold", "New");
    check(&format!("New\nOn Monday desk wrote:\n> {MARKER}\n> old\n"), "New");
    check(&format!("New\n{MARKER}\nold"), "New");
    check("New\n-- \nAnna\nExample Ltd", "New");
    check("New\n> old\n-- \nAnna", "New");
    check("Above\nOn Monday Anna wrote:\n> old\n\nBelow", "Above\n\nBelow");
    check("Yes. On 1 Jan 2024 at 10:00, Anna wrote:\n> old", "Yes.");
    check("Yes\nand--- On 1 Jan 2024 at 10:00, Anna wrote:\n> old", "Yes\nand");
    check("New\n\nSent from my phone\n\nold without any mark", "New");
    check("> one\nAnswer\n\nOn 1 Jan 2024 at 10:00, Anna <a@example.com> wrote:\n> old\n", "> one\nAnswer");
    check("New\n\n> see http://example.com/a\nb?c=1\n> old", "New");
    check("New\n\nSent with Spark\nOn 1/1/2024 at 10:00, Anna <a@b.c> wrote:\nold", "New");
    check("New\nnew\nOn 1/1/2024 at 10:00, Anna <a@b.c> wrote:\nold", "New\nnew");
    check("New\nnew\npon., 1 sty 2024 o 10:00 Anna <a@b.c> napisał:\nold", "New\nnew");
    assert_eq!(of("New\n\nBest regards\nAnna Berg\nExample Ltd", Some("Anna Berg"), None), "New");
}

#[test]
fn in_doubt_nothing_is_cut() {
    for text in [
        "> all is quoted",
        "> one\nAnswer\n> two\nAnswer",
        "Above\n> one\nBelow",
        "Above\n> see http://example.com/a\nno\n> two",
        "On Monday he wrote:\nnothing, as always",
        "Look:\nOn 1 Jan he wrote:\nnothing, as always",
        "From: my heart\nthanks",
        "Please book\nFrom: Berlin\nTo: Paris\nDate: 1 May 10:00\nthanks",
        "-----Original Message-----\nFrom: a",
        "A -- B\n--- C ---\nD",
        "Your appointment:\n\nDate: Wednesday 3 October\nTime: 7:00\nAddress: 1 Example Street\n\nBring a friend.",
        "Write below.\n\n------ Write here ----\n\nIt is good.",
        "Our contact:\nanna@example.com:\nopen at 10:00",
        "Hello,\n\nI wrote on 1/1/2024 10:00:\nthe door is broken",
        "Hello,\n\nOn 1/1/2024 at 10:00 you wrote:\nthe door is open\n\nIt isn't.",
        "Hallo,\n\nam 1.1.2024 um 10:00 schrieb ich:\ndie Tür ist kaputt",
        "Hello,\n\nplease write to anna@example.com until 12/31/2024:\n- the number\n- the name",
        "Hello,\n\nby 12/31/2024 at 10:00 write to anna@example.com:\nit is urgent",
        "Hello,\n\nmy colleague anna@example.com wrote you 2 times:\nthe door is broken",
        "Your parcel:\n\nSent via DHL on Monday.\n\nWhere is it?",
        "Your parcel:\n\nSent via DHL on Monday.",
        "The door is broken.\n\nSent from my iPhone\n\nPS: The window, too.",
    ] {
        check(text, text);
    }
    let long = format!("Text\n-- \n{}", "line\n".repeat(30));
    check(&long, long.trim());
}

#[test]
fn markup_says_where_the_original_begins() {
    for (text, expected) in [
        ("New\n\nunknown words\nold", "New"),
        ("New\n\nunknown words\n> old", "New"),
        ("New\n\nunknown words\n> old\nAnswer", "New\n\nunknown words\n> old\nAnswer"),
    ] {
        assert_eq!(of(text, None, Some("New".len())), expected, "{text:?}");
    }
    assert_eq!(of("only the original", None, Some(0)), "only the original");
    let html = "Content-Type: text/html\n\n<p>New</p><div class=gmail_quote><div>unknown words</div><blockquote>old</blockquote></div>";
    assert_eq!(crate::message::read(html.as_bytes()).new_text, "New");
}

#[test]
fn hostile_text_takes_linear_time() {
    for piece in
        ["From: a\n", "On a\n", "wrote:\n", "> \n\n", "-- x\n", ":", "@:\n", "--- forwarded message --- a:", "\n"]
    {
        let text = format!("x\n{}", piece.repeat(100_000));
        let _ = of(&text, Some("Anna"), None);
        let facts = crate::message::read(format!("Return-Path: <>\nSubject: Fwd: x\n\n{text}").as_bytes());
        assert!(!facts.new_text.is_empty());
    }
}
