//! Sentences as directors write them: short, concrete, in several voices.

use super::dice::Dice;

/// What the sentence may speak of.
pub(super) struct About<'a> {
    /// 奶奶, 外公 …
    pub(super) carer: &'a str,
    /// Age in years.
    pub(super) age: u32,
    /// Both or one of the parents is away.
    pub(super) parents_away: bool,
    /// The child has a disability or a chronic illness.
    pub(super) in_treatment: bool,
}

impl About<'_> {
    fn carer_is_old(&self) -> bool {
        matches!(self.carer, "爷爷" | "奶奶" | "外公" | "外婆")
    }
}

/// A sentence about a home visit.
pub(super) fn visit(dice: &mut Dice, about: &About<'_>) -> String {
    let mut choices: Vec<&str> = VISIT_ANY.to_vec();
    choices.extend(if about.age < 6 {
        VISIT_SMALL
    } else {
        VISIT_SCHOOL
    });
    if about.age >= 12 {
        choices.extend(VISIT_TEEN);
    }
    if about.carer_is_old() {
        choices.extend(VISIT_OLD_CARER);
    }
    if about.parents_away {
        choices.extend(VISIT_AWAY);
    }
    if about.in_treatment {
        choices.extend(VISIT_TREATMENT);
    }
    filled(dice, &choices, about)
}

/// A sentence about a call or a talk in the village.
pub(super) fn contact(dice: &mut Dice, about: &About<'_>) -> String {
    let mut choices: Vec<&str> = CONTACT_ANY.to_vec();
    if about.age >= 6 {
        choices.extend(CONTACT_SCHOOL);
    }
    if about.carer_is_old() {
        choices.extend(CONTACT_OLD_CARER);
    }
    if about.parents_away {
        choices.extend(CONTACT_AWAY);
    }
    filled(dice, &choices, about)
}

/// A sentence about a closed door.
pub(super) fn attempt(dice: &mut Dice) -> String {
    dice.pick(&ATTEMPT).to_owned()
}

/// Something the child said.
pub(super) fn voice(dice: &mut Dice) -> String {
    dice.pick(&VOICE).to_owned()
}

fn filled(dice: &mut Dice, choices: &[&str], about: &About<'_>) -> String {
    let parent = dice.pick(&["爸爸", "妈妈"]);
    let day = dice.pick(&["周六", "周日晚上", "上周三", "前天"]);
    let subject = dice.pick(&["语文", "数学", "英语"]);
    dice.pick(choices)
        .replace("{照料人}", about.carer)
        .replace("{父母}", parent)
        .replace("{日}", day)
        .replace("{课}", subject)
}

const VISIT_ANY: [&str; 10] = [
    "进门时{照料人}在烧晚饭，锅里有肉有菜。孩子胃口好，比上次长高了一点。",
    "下雨天去的，屋顶西北角有点渗，{照料人}拿盆接着。已拍照，回去问修缮队。",
    "灶间电线挂在绳子上，当场和{照料人}一起收好，提醒别在边上晾衣服。",
    "孩子给我看新养的小鸡，一共六只，每只都起了名字。",
    "家里收拾得清爽，被子刚晒过。{照料人}说冬衣够穿，缺一双雨靴。",
    "煤气软管老化，和{照料人}说好这两天换，下次来看。",
    "屋后水塘的围栏倒了一段，{照料人}不放心，已告诉村里来修。",
    "讲了防溺水和用电，孩子能背出三条，{照料人}在边上听。",
    "{照料人}问医保怎么续，手把手在手机上交好了。",
    "门口堆了柴，摩托车进出不方便，帮着挪到墙角。",
];
const VISIT_OLD_CARER: &[&str] = &[
    "{照料人}腰痛，走路慢，家里活还做得动。劝了半天去卫生院看看，答应这周去。",
    "{照料人}耳朵背，电话常听不到。约好有事先打隔壁家。",
    "{照料人}眼睛花了，药盒上的字看不清，帮着写了大字贴上。",
];
const VISIT_SCHOOL: &[&str] = &[
    "作业本翻了翻，{课}订正得认真，字比以前端正。",
    "{课}单元考退步了，孩子自己说是粗心。商量每天先做这门。",
    "放学路上要过大路口，没有红绿灯。和{照料人}约好接到桥头。",
    "孩子当了小组长，讲起来眼睛亮亮的。",
    "同桌转走了，孩子有点闷。请班主任帮忙换个热闹点的位子。",
    "书桌上的灯坏了，作业在饭桌上做。台灯报到微心愿里。",
    "校服袖子短了一截，下学期要换大的，{照料人}记下了。",
    "孩子想学画画，镇上文化站周六有班，已帮着问名额。",
];
const VISIT_SMALL: &[&str] = &[
    "小朋友怕生，躲在{照料人}身后，给了贴纸才肯说名字。",
    "会自己用勺子吃饭了，{照料人}很高兴。提醒热水瓶放高些。",
    "预防针差一针，{照料人}忘了日子，已约好周四去打。",
    "说话还不太清楚，建议去儿保门诊看一下，{照料人}同意。",
    "白天在院子里跑，门槛旁有农药瓶，当场请{照料人}锁进柜子。",
];
const VISIT_TEEN: &[&str] = &[
    "晚上和同学打游戏到很晚，和他一起定了十点关机，贴在床头。",
    "孩子说将来想学修车，聊了职校的几个专业。",
    "单独聊了一会儿，说压力主要在{课}，不想让家里知道成绩。",
];
const VISIT_AWAY: &[&str] = &[
    "{父母}{日}打过视频，孩子把奖状举给镜头看。",
    "{父母}寄来两箱牛奶和一件外套，孩子说太大了明年穿。",
    "想{父母}的时候会翻相册，和{照料人}说好可以多打电话，不怕花钱。",
    "{父母}说年前回来住半个月，孩子在日历上画了圈。",
];
const VISIT_TREATMENT: &[&str] = &[
    "药按时吃，复查定在下月初，{照料人}担心路费，记下来问医疗救助。",
    "康复老师教的动作在家也做，今天能自己扶墙走五步。",
    "辅具有点小了，量了尺寸，联系残联换。",
];
const CONTACT_ANY: [&str; 8] = [
    "电话里{照料人}说都好，刚从地里回来。",
    "菜场碰到{照料人}，孩子跟在后面，脸色不错。",
    "{照料人}说这两天降温，孩子有点咳，没有发烧，在家喝热水。",
    "村口聊了几句，家里没有什么变化。",
    "视频里孩子在吃饭，桌上三个菜，跟我挥手。",
    "{照料人}问补贴什么时候到账，已查，这周到。",
    "打了两次才通，{照料人}在打谷，约好周末去家里。",
    "活动室碰到孩子，一起做了手工灯笼。",
];
const CONTACT_OLD_CARER: &[&str] = &["{照料人}说血压高，最近在吃药，接送没耽误。"];
const CONTACT_SCHOOL: &[&str] = &[
    "班主任说上课肯举手了，{课}还要补一补。",
    "孩子接的电话，说今天运动会跑了第四名。",
    "问了放学路线，现在和邻居家姐姐一起走。",
    "孩子说食堂的菜好吃，就是汤咸。",
];
const CONTACT_AWAY: &[&str] = &[
    "{父母}{日}来过电话，讲了半个钟头。",
    "{父母}最近加班多，两个星期没视频，提醒每周至少联系一次。",
    "和{父母}通了电话，答应把委托照护书补签好寄回来。",
];
const ATTEMPT: [&str; 6] = [
    "门锁着，邻居说一早去镇上配药了。",
    "按了门铃没人应，留了字条在门缝里。",
    "家里没人，电话响了没接，晚上再打。",
    "到的时候一家人去吃喜酒了，改天再来。",
    "孩子跟着去外婆家住两天，约好回来打电话给我。",
    "下田还没回来，等了二十分钟先走了。",
];
const VOICE: [&str; 12] = [
    "我想当老师。",
    "下次来我给你看我的画。",
    "我长高了两厘米。",
    "奶奶腿疼，我会帮她拎水。",
    "我最喜欢体育课。",
    "什么时候可以去海边？",
    "妈妈说过年回来。",
    "我不喜欢吃胡萝卜。",
    "我们班养了蚕。",
    "我想要一个篮球。",
    "昨天我自己洗了袜子。",
    "我有两个好朋友。",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_more_than_forty_templates_and_every_slot_is_known() {
        let lists = [
            &VISIT_ANY[..],
            VISIT_SCHOOL,
            VISIT_SMALL,
            VISIT_TEEN,
            VISIT_AWAY,
            VISIT_OLD_CARER,
            CONTACT_OLD_CARER,
            VISIT_TREATMENT,
            &CONTACT_ANY,
            CONTACT_SCHOOL,
            CONTACT_AWAY,
            &ATTEMPT,
        ];
        let all: Vec<&str> = lists.concat();
        assert!(all.len() > 40, "{}", all.len());
        let mut dice = Dice::new(1, 1);
        let about = About {
            carer: "奶奶",
            age: 9,
            parents_away: true,
            in_treatment: true,
        };
        assert!(
            all.iter()
                .all(|template| !filled(&mut dice, &[template], &about).contains('{'))
        );
    }
}
