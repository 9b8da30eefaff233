//! What well-known mail programs write in each language, line by line as they write it: proof for the tables.

use super::introduction;
use super::{Lines, block};
use crate::message::new_text;

/// Introductions of Gmail, Apple Mail, Thunderbird, Yahoo, Spark, Zoho and others. Each proves a quotation by itself.
#[rustfmt::skip]
const INTRODUCTIONS: &[&str] = &[
    "On Mon, Jan 1, 2024 at 10:00 AM Anna Berg <a@b.example> wrote:",
    "On Jan 1, 2024, at 10:00, Anna Berg <a@b.example> wrote:",
    "On 01/01/2024 10:00, Anna Berg wrote:",
    "On Monday, January 1, 2024, 10:00:00 AM GMT+1, Anna Berg <a@b.example> wrote:",
    "On Jan 1, 2024, 10:00 +0100, Anna Berg <a@b.example>, wrote:",
    "On January 1, 2024 at 10:00 AM, Anna Berg (a@b.example) wrote:",
    "---- On Mon, 01 Jan 2024 10:00:00 +0100 Anna Berg <a@b.example> wrote ----",
    "---- On Mon, 01 Jan 2024 10:00:00 +0100 a@b.example wrote ---",
    "Am Mo., 1. Jan. 2024 um 10:00 Uhr schrieb Anna Berg <a@b.example>:",
    "Am 01.01.2024 um 10:00 schrieb Anna Berg <a@b.example>:",
    "Am 01.01.24 um 10:00 schrieb Anna Berg:",
    "Am Montag, 1. Januar 2024 um 10:00:00 MEZ hat Anna Berg <a@b.example> Folgendes geschrieben:",
    "Anna Berg <a@b.example> schrieb am Mo., 1. Jan. 2024, 10:00:",
    "Le lun. 1 janv. 2024 à 10:00, Anna Berg <a@b.example> a écrit :",
    "Le 01/01/2024 à 10:00, Anna Berg a écrit :",
    "Le lundi 1 janvier 2024 à 10:00:00 UTC+1, Anna Berg <a@b.example> a écrit :",
    "El lun, 1 ene 2024 a las 10:00, Anna Berg (<a@b.example>) escribió:",
    "El 1/1/24 a las 10:00, Anna Berg escribió:",
    "El 1 ene 2024, a las 10:00, Anna Berg <a@b.example> escribió:",
    "El lunes, 1 de enero de 2024, 10:00:00 CET, Anna Berg <a@b.example> escribió:",
    "Il giorno lun 1 gen 2024 alle ore 10:00 Anna Berg <a@b.example> ha scritto:",
    "Il 01/01/24 10:00, Anna Berg ha scritto:",
    "Em seg., 1 de jan. de 2024 às 10:00, Anna Berg <a@b.example> escreveu:",
    "Em 01/01/2024 10:00, Anna Berg escreveu:",
    "Às 10:00 de 01/01/2024, Anna Berg escreveu:",
    "Anna Berg <a@b.example> escreveu no dia segunda, 1/01/2024 à(s) 10:00:",
    "No dia 01/01/2024, às 10:00, Anna Berg <a@b.example> escreveu:",
    "Op ma 1 jan 2024 om 10:00 schreef Anna Berg <a@b.example>:",
    "Op 01-01-2024 om 10:00 schreef Anna Berg:",
    "Op maandag 1 januari 2024 10:00:00 CET heeft Anna Berg <a@b.example> het volgende geschreven:",
    "pon., 1 sty 2024 o 10:00 Anna Berg <a@b.example> napisał(a):",
    "W dniu 1.01.2024 o 10:00, Anna Berg pisze:",
    "Wiadomość napisana przez Anna Berg <a@b.example> w dniu 1 sty 2024, o godz. 10:00:",
    "пн, 1 янв. 2024 г. в 10:00, Anna Berg <a@b.example>:",
    "1 янв. 2024 г., в 10:00, Anna Berg <a@b.example> написал(а):",
    "01.01.2024 10:00, Anna Berg пишет:",
    "01.01.2024, 10:00, \"Anna Berg\" <a@b.example>:",
    "Понедельник, 1 января 2024, 10:00 +03:00 от Anna Berg <a@b.example>:",
    "2024年1月1日(月) 10:00 Anna Berg <a@b.example>:",
    "2024/01/01 10:00、Anna Berg <a@b.example>のメール:",
    "2024年1月1日 10:00、Anna Berg <a@b.example>が書きました:",
    "Anna Berg <a@b.example> 于2024年1月1日周一 10:00写道：",
    "在 2024年1月1日，10:00，Anna Berg <a@b.example> 写道：",
    "Anna Berg <a@b.example> 於 2024年1月1日 週一 上午10:00寫道：",
    "Den mån 1 jan. 2024 kl 10:00 skrev Anna Berg <a@b.example>:",
    "1 jan. 2024 kl. 10:00 skrev Anna Berg <a@b.example>:",
    "Den 2024-01-01 kl. 10:00, skrev Anna Berg:",
    "Den man. 1. jan. 2024 kl. 10.00 skrev Anna Berg <a@b.example>:",
    "Den 01-01-2024 kl. 10:00 skrev Anna Berg:",
    "man. 1. jan. 2024 kl. 10:00 skrev Anna Berg <a@b.example>:",
    "Den 1. jan. 2024 kl. 10.00 skrev Anna Berg <a@b.example>:",
    "ma 1. tammik. 2024 klo 10.00 Anna Berg (a@b.example) kirjoitti:",
    "Anna Berg <a@b.example> kirjoitti 1.1.2024 kello 10.00:",
    "po 1. 1. 2024 v 10:00 odesílatel Anna Berg <a@b.example> napsal:",
    "Dne 01. 01. 24 v 10:00 Anna Berg napsal(a):",
    "1. 1. 2024 v 10:00, Anna Berg <a@b.example>:",
    "Anna Berg <a@b.example>, 1 Oca 2024 Pzt, 10:00 tarihinde şunu yazdı:",
    "Anna Berg <a@b.example> şunları yazdı (1 Oca 2024 10:00):",
    "01.01.2024 10:00 tarihinde Anna Berg yazdı:",
    "po 1. 1. 2024 o 10:00 Anna Berg <a@b.example> napísal(a):",
    "pon, 1. sij 2024. u 10:00 Anna Berg <a@b.example> napisao je:",
    "În lun., 1 ian. 2024 la 10:00, Anna Berg <a@b.example> a scris:",
    "Anna Berg <a@b.example> ezt írta (időpont: 2024. jan. 1., H, 10:00):",
    "Στις Δευ 1 Ιαν 2024 στις 10:00 π.μ., ο χρήστης Anna Berg <a@b.example> έγραψε:",
    "2024년 1월 1일 (월) 오전 10:00, Anna Berg <a@b.example>님이 작성:",
    "Pada Sen, 1 Jan 2024 pukul 10.00 Anna Berg <a@b.example> menulis:",
    "Vào Th 2, 1 thg 1, 2024 vào lúc 10:00 Anna Berg <a@b.example> đã viết:",
    "в пн, 1 січ. 2024 р. о 10:00 Anna Berg <a@b.example> пише:",
];

/// The same of programs whose line a person could have written: it counts above quotation marks.
const WEAK: &[&str] = &[
    "Anna Berg kirjoitti 1.1.2024 klo 10.00:",
    "Anna Berg wrote:",
    "Anna Berg schrieb:",
    "Anna Berg a écrit :",
    "Anna Berg escribió:",
    "Anna Berg ha scritto:",
    "Anna Berg schreef:",
    "Anna Berg skrev:",
    "Anna Berg pisze:",
    "Anna Berg пишет:",
    "Anna Berg napsal(a):",
    "Anna Berg yazdı:",
    "Zitat von Anna Berg <a@b.example>:",
    "Quoting Anna Berg <a@b.example>:",
];

/// Header fields that Outlook, phones and webmail copy.
#[rustfmt::skip]
const BLOCKS: &[&str] = &[
    "From: Anna Berg <a@b.example>\nSent: Monday, January 1, 2024 10:00 AM\nTo: Desk <d@e.example>\nSubject: Door",
    "Von: Anna Berg <a@b.example>\nGesendet: Montag, 1. Januar 2024 10:00\nAn: Desk <d@e.example>\nBetreff: Door",
    "Gesendet: Montag, 01. Januar 2024 um 10:00 Uhr\nVon: \"Anna Berg\" <a@b.example>\nAn: d@e.example\nBetreff: Door",
    "De : Anna Berg <a@b.example>\nEnvoyé : lundi 1 janvier 2024 10:00\nÀ : Desk <d@e.example>\nObjet : Door",
    "De: Anna Berg <a@b.example>\nEnviado: lunes, 1 de enero de 2024 10:00\nPara: Desk <d@e.example>\nAsunto: Door",
    "De: Anna Berg <a@b.example>\nEnviado el: lunes, 1 de enero de 2024 10:00\nPara: Desk\nAsunto: Door",
    "Da: Anna Berg <a@b.example>\nInviato: lunedì 1 gennaio 2024 10:00\nA: Desk <d@e.example>\nOggetto: Door",
    "De: Anna Berg <a@b.example>\nEnviada em: segunda-feira, 1 de janeiro de 2024 10:00\nPara: Desk\nAssunto: Door",
    "Van: Anna Berg <a@b.example>\nVerzonden: maandag 1 januari 2024 10:00\nAan: Desk <d@e.example>\nOnderwerp: Door",
    "Od: Anna Berg <a@b.example>\nWysłano: poniedziałek, 1 stycznia 2024 10:00\nDo: Desk <d@e.example>\nTemat: Door",
    "От: Anna Berg <a@b.example>\nОтправлено: 1 января 2024 г. 10:00\nКому: Desk <d@e.example>\nТема: Door",
    "差出人: Anna Berg <a@b.example>\n送信日時: 2024年1月1日 10:00\n宛先: Desk <d@e.example>\n件名: Door",
    "发件人: Anna Berg <a@b.example>\n发送时间: 2024年1月1日 10:00\n收件人: Desk <d@e.example>\n主题: Door",
    "寄件者: Anna Berg <a@b.example>\n寄件日期: 2024年1月1日 10:00\n收件者: Desk <d@e.example>\n主旨: Door",
    "Från: Anna Berg <a@b.example>\nSkickat: den 1 januari 2024 10:00\nTill: Desk <d@e.example>\nÄmne: Door",
    "Fra: Anna Berg <a@b.example>\nSendt: 1. januar 2024 10:00\nTil: Desk <d@e.example>\nEmne: Door",
    "Lähettäjä: Anna Berg <a@b.example>\nLähetetty: maanantai 1. tammikuuta 2024 10.00\nVastaanottaja: Desk\nAihe: Door",
    "Od: Anna Berg <a@b.example>\nOdesláno: pondělí 1. ledna 2024 10:00\nKomu: Desk <d@e.example>\nPředmět: Door",
    "Gönderen: Anna Berg <a@b.example>\nGönderildi: 1 Ocak 2024 Pazartesi 10:00\nKime: Desk <d@e.example>\nKonu: Door",
    "Kimden: Anna Berg <a@b.example>\nGönderme Tarihi: 1 Ocak 2024 10:00\nKime: Desk <d@e.example>\nKonu: Door",
    "Feladó: Anna Berg <a@b.example>\nElküldve: 2024. január 1. 10:00\nCímzett: Desk <d@e.example>\nTárgy: Door",
];

#[test]
fn every_introduction_is_a_strong_one() {
    let is_strong = |text: &str| introduction::at(&Lines::of(text), 0).is_some_and(|found| found.is_strong);
    let weak: Vec<_> = INTRODUCTIONS.iter().filter(|text| !is_strong(text)).collect();
    assert!(weak.is_empty(), "{weak:#?}");
    // Folded in front of the address, as most programs do.
    let folded = INTRODUCTIONS.iter().filter(|text| text.contains(" <a@")).map(|text| text.replace(" <a@", "\n<a@"));
    let weak: Vec<_> = folded.filter(|text| !is_strong(text)).collect();
    assert!(weak.is_empty(), "folded {weak:#?}");
}

#[test]
fn every_weak_introduction_goes_with_its_quotation() {
    for text in WEAK {
        assert_eq!(new_text::of(&format!("New\n\n{text}\n> old\n"), None, None), "New", "{text}");
        let unmarked = format!("New\n\n{text}\nold?");
        assert_eq!(new_text::of(&unmarked, None, None), unmarked, "{text}");
    }
}

#[test]
fn every_block_is_read() {
    for text in BLOCKS {
        let found = block::at(&Lines::of(&format!("{text}\n\nold")), 0, false);
        let found = found.unwrap_or_else(|| panic!("{text}"));
        assert!(
            found.from.contains("Anna Berg") && found.date.contains("2024") && found.to.contains(['d', 'D']),
            "{found:?}"
        );
        assert_eq!((found.subject.as_str(), found.end), ("Door", 4), "{text}");
    }
}
