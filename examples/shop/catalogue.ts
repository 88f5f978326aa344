/**
 * What the shop sells. The names of products and categories are the ids in events and tables, and of the drawings in
 * `page/art/`.
 */

/** Something to buy. */
export interface Product {
  readonly id: string;
  readonly name: string;
  /** The id of a category. */
  readonly category: string;
  readonly cents: number;
  readonly about: string;
}

/** A shelf of the shop. */
export interface Category {
  readonly id: string;
  readonly name: string;
}

/** Everything that the shop sells. */
export interface Catalogue {
  readonly categories: readonly Category[];
  readonly products: readonly Product[];
}

type Line = readonly [id: string, name: string, cents: number, about: string];

const SHELVES: Readonly<Record<string, { readonly name: string; readonly lines: readonly Line[] }>> = {
  tea: {
    name: "Tea table",
    lines: [
      ["half-moon-teapot", "Half-Moon Teapot", 3800, "Pours for two, or for one who stays a while."],
      ["cloud-mug", "Cloud Mug", 1400, "Holds a third of a litre and most of a morning."],
      ["smoky-tea", "Tin of Smoky Tea", 980, "Tastes like a campfire that went well."],
      ["honey-jar", "Honey, with Dipper", 1250, "From bees who were asked first."],
      ["biscuit-tin", "Biscuit Tin, Almost Full", 1600, "We had one. They are very good."],
      ["egg-cup", "Egg Cup with Feet", 800, "It will not run away. It has been tested."],
    ],
  },
  night: {
    name: "At night",
    lines: [
      ["moon-lamp", "Moon Lamp", 4600, "Waxes with a turn of the knob, wanes by itself."],
      ["rain-candle", "Candle, Rain on Stone", 1800, "Forty hours of the weather you like best."],
      ["telescope", "Pocket Telescope", 6400, "Brings Saturn close enough to be polite to."],
      ["midnight-blanket", "Blanket, Midnight", 7200, "Wool, wide enough to share or not."],
      ["sorry-clock", "Clock That Apologises", 2900, "Rings at seven and is sincerely sorry."],
      ["star-map", "Star Map of Your Street", 2400, "The sky above the house, for every month."],
    ],
  },
  garden: {
    name: "Window sill",
    lines: [
      ["blue-fern", "Fern in a Blue Pot", 2100, "Asks for little, unrolls a leaf in thanks."],
      ["watering-can", "Small Brass Watering Can", 3300, "Reaches the plant at the very back."],
      ["lazy-seeds", "Seeds for Lazy Gardeners", 450, "Throw them. Leave. Return in June."],
      ["kind-cactus", "Cactus, Friendly", 1300, "Keeps its distance, wishes you well."],
      ["bee-hotel", "Bee Hotel, Three Stars", 2700, "Nine rooms, south side, no breakfast needed."],
      ["old-trowel", "Trowel with a Past", 1500, "Ash and steel, already broken in."],
    ],
  },
  paper: {
    name: "Paper & ink",
    lines: [
      ["bad-ideas", "Notebook for Bad Ideas", 1100, "The good ones come around page forty."],
      ["sea-pen", "Fountain Pen, Sea Green", 4200, "Writes as if it knew where this is going."],
      ["letter-set", "Letters with a Seal", 1700, "Ten sheets, ten envelopes, one excuse less."],
      ["blue-ink", "Ink, Blue Hour", 1200, "Dries to the colour of ten past nine."],
      ["lent-novel", "A Novel You Will Lend", 1390, "And never see again. Consider two."],
      ["pencil-six", "Pencils, Box of Six", 720, "One is always for somebody else."],
    ],
  },
  play: {
    name: "To play",
    lines: [
      ["easy-kite", "Kite, Easily Pleased", 1900, "Any wind will do, and most meadows."],
      ["long-top", "Top That Takes Its Time", 900, "Four minutes on a good table."],
      ["whole-puzzle", "Puzzle Missing Nothing", 2200, "Five hundred pieces. Counted twice."],
      ["lucky-dice", "Dice, Mostly Lucky", 600, "A pair, for decisions of a smaller kind."],
      ["tuned-ukulele", "Ukulele, in Tune", 5800, "Four strings and three chords are included."],
      ["whale-record", "Record of Whale Songs", 2600, "Side B is a little more upbeat."],
    ],
  },
  away: {
    name: "Outdoors",
    lines: [
      ["puddle-boots", "Boots, Puddle Grade", 4500, "Certified to just below the knee."],
      ["apple-rucksack", "Rucksack for One Apple", 6800, "And a coat, a book, and somebody's jumper."],
      ["walk-thermos", "Thermos, Long Walk", 3100, "Still hot at the second bench."],
      ["sunny-umbrella", "Umbrella, Optimistic", 2800, "Yellow inside, where it matters."],
      ["home-compass", "Compass, Homeward", 3400, "Points north, which is a start."],
      ["small-tent", "Tent for Two Opinions", 14900, "One entrance each. Sleeps well apart."],
    ],
  },
};

/** The shop's own catalogue. */
export const CATALOGUE: Catalogue = {
  categories: Object.entries(SHELVES).map(([id, { name }]) => ({ id, name })),
  products: Object.entries(SHELVES).flatMap(([category, { lines }]) =>
    lines.map(([id, name, cents, about]) => ({ id, name, category, cents, about }))
  ),
};
