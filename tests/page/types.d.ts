// The types of the page in api/page, global so that its modules need no imports of types. What the API takes and answers has the
// types that openapi-typescript generates from openapi.yaml, so that a changed name in the contract is an error in the page.

import type { components, paths } from "casetrail-api";

declare global {
  type Paths = paths;
  type Schemas = components["schemas"];
  type Account = Schemas["AccountDetail"];

  /* Elements: dom.js */
  type Property = string | number | boolean | null | undefined | ((event: Event) => void);
  type Properties = { [name: string]: Property } & { style?: never };
  type Single = Node | string | number | null | undefined | false;
  type Child = Single | readonly Single[];

  /* Addresses: route.js */
  type Value = string | number | boolean | readonly string[] | null | undefined;
  type Values = { [name: string]: Value };
  type Route = { name: string; path: string[]; query: URLSearchParams };

  /* Calls: api.js */
  type Method = "get" | "post" | "put" | "patch" | "delete";
  /** The paths that have a method. */
  type PathWith<M extends Method> = {
    [P in keyof Paths]: Paths[P] extends { [K in M]: { responses: unknown } } ? P : never;
  }[keyof Paths];
  type Operation<P extends keyof Paths, M extends Method> = Paths[P] extends { [K in M]: infer O } ? O : never;
  /** The query parameters by name. Their values come from the address of the page, so the service checks them. */
  type Query<O> = O extends { parameters: { query?: infer Q } } ? { [K in keyof NonNullable<Q>]?: Value } : never;
  /** The name of a query parameter of a read. */
  type Parameter<P extends PathWith<"get">> = keyof Query<Operation<P, "get">>;
  type PathValues<O> = O extends { parameters: { path: infer A } } ? A : never;
  type RequestBody<O> = O extends { requestBody?: infer B }
    ? NonNullable<B> extends { content: { "application/json": infer T } }
      ? T
      : never
    : never;
  type Answer<O> = O extends { responses: { 200: { content: { "application/json": infer T } } } }
    ? T
    : O extends { responses: { 201: { content: { "application/json": infer T } } } }
      ? T
      : O extends { responses: { 202: { content: { "application/json": infer T } } } }
        ? T
        : undefined;
  /** `etag` is sent as If-Match, `key` as Idempotency-Key. */
  type Conditions = { etag?: string; key?: string };
  type Options<O> = { path?: PathValues<O>; query?: Query<O>; body?: RequestBody<O> } & Conditions;
  type AnyOptions = { path?: unknown; query?: unknown; body?: unknown } & Conditions;
  /** Bytes so far, and in all if that is known. */
  type Progress = (done: number, total: number | null) => void;
  interface Api {
    get<P extends PathWith<"get">>(path: P, options?: Options<Operation<P, "get">>): Promise<Answer<Operation<P, "get">>>;
    post<P extends PathWith<"post">>(path: P, options?: Options<Operation<P, "post">>): Promise<Answer<Operation<P, "post">>>;
    patch<P extends PathWith<"patch">>(path: P, options: Options<Operation<P, "patch">>): Promise<Answer<Operation<P, "patch">>>;
    remove<P extends PathWith<"delete">>(path: P, options: Options<Operation<P, "delete">>): Promise<void>;
    /** Reads a file. `signal` ends this request alone. */
    file<P extends PathWith<"get">>(
      path: P,
      options: Options<Operation<P, "get">> & { progress?: Progress; signal?: AbortSignal },
    ): Promise<{ blob: Blob; name: string }>;
    /** Sends a form with a file. */
    upload<P extends PathWith<"post">>(
      path: P,
      options: { path?: PathValues<Operation<P, "post">>; form: FormData; progress?: Progress; signal?: AbortSignal; key?: string },
    ): Promise<Answer<Operation<P, "post">>>;
  }

  /** What `GET /api/v1/service` says about the service, without a sign-in. */
  type Service = Answer<Operation<"/api/v1/service", "get">>;
  type DemoAccount = Service["demo_accounts"][number];

  /* The session: session.js */
  type Tokens = { access_token: string; refresh_token: string; expires_at: number };
  type Message = { asks: string } | { session: string; tokens: Tokens } | { ended: string };

  /* Views: app.js */
  type Kind = "report" | "list" | "detail";
  type View = {
    title: string;
    kind?: Kind;
    render: (context: Context) => Promise<Child[]>;
    toolbar?: (context: Context) => Child[];
  };
  /** A view in the navigation: which permission it `needs`, and whether it takes the period along. */
  type Entry = {
    label: string;
    needs?: string;
    hidden?: boolean;
    report?: boolean;
    within?: string;
  };
  interface Context {
    /** What follows the name of the view in the address. */
    path: string[];
    /** The parameters in the address. */
    query: URLSearchParams;
    /** Aborted when the view is left or rendered again. */
    signal: AbortSignal;
    api: Api;
    service: Service;
    /** Null before the sign-in. */
    account: Account | null;
    can(permission: string): boolean;
    /** The address of this view with other parameters; an empty value removes one. */
    link(changes: Values): string;
    /** Goes to that address. */
    go(changes: Values): void;
    /** Renders the view again, after a change. */
    reload(): void;
    /** Sets another heading, such as the number of a case. */
    retitle(text: string): void;
    /** Shows a short message that disappears. */
    tell(text: string): void;
    /** Reads the account again, for the number of unread alerts. */
    refreshAccount(): Promise<void>;
  }

  /* Tables: table.js */
  type Page = { next_cursor: string | null; has_more: boolean; total: number | null; total_is_capped: boolean };
  type Answered<R> = { data: readonly R[]; page: Page };
  type Column<R> = { label: string; cell: (row: R) => Child; sort?: string; numeric?: boolean; class?: string };
  type Table<R> = {
    /** What the table shows, for its caption and its region. */
    label: string;
    /** The first one names the row. */
    columns: Column<R>[];
    rows: readonly R[];
    /** Needed where a column sorts. */
    context?: Context;
    /** The order if the address has none. */
    sort?: string;
    /** What to say without rows. */
    none?: string;
  };
  type PagedTable<R> = Omit<Table<R>, "rows"> & { page: Answered<R>; more: (cursor: string) => Promise<Answered<R>> };

  /* Forms: forms.js */
  type Field = {
    /** As the request body spells it. */
    name: string;
    label: string;
    hint?: string;
    value?: string | number | null;
    /** Of the input. */
    type?: string;
    required?: boolean;
    multiline?: boolean;
    /** Makes it a select. */
    options?: readonly (readonly [value: string, text: string])[];
    /** Further attributes, such as autocomplete or min. */
    more?: Properties;
  };
  type Form = {
    /** The words of the button. */
    submit: string;
    onsend: (values: Record<string, string>, form: HTMLFormElement, key: string) => Promise<void>;
    /** What the form is for. */
    label?: string;
    oncancel?: () => void;
    danger?: boolean;
  };

  /* Downloads: download.js */
  type Download<P extends PathWith<"get">> = {
    text: string;
    /** The path of the operation, and the values in it. */
    path: P;
    values?: PathValues<Operation<P, "get">>;
    query?: Query<Operation<P, "get">>;
    id?: string;
    class?: string;
  };

  /** An empty value stands for no filter. */
  type Choices = readonly (readonly [value: string, text: string])[];

  /* Reports: report.js, charts.js, period.js, changes.js */
  type ListPeriod = { period?: string; since?: string; until?: string };
  type Period = ListPeriod & { all_time?: boolean };
  type Interval = "day" | "week" | "month";
  type CsvPath = Extract<PathWith<"get">, `/api/v1/reports/${string}.csv`>;
  type Card = {
    label: string;
    value: Child;
    note?: Child;
    href?: string;
    spark?: Child;
    bad?: boolean;
    /** Counts twice in its row. */
    wide?: boolean;
    current?: boolean;
    id?: string;
  };
  type Point = Schemas["SeriesPoint"];
  type Series = readonly [code: string, label: string];
  type Bucket = { on: string; values: Map<string, number>; total: number };
  type BarChart = {
    title: string;
    points: readonly Point[];
    series: readonly Series[];
    interval: Interval;
    /** Side by side, for series that overlap. */
    grouped?: boolean;
    /** Where the bar of a bucket leads. */
    href?: (on: string) => string;
  };
  type Ranked = {
    name: Child;
    count: number;
    percent?: number | null;
    tone?: string;
    href?: string;
    more?: Child[];
    current?: boolean;
  };
  type RankedBars = {
    title: string;
    rows: readonly Ranked[];
    /** The headers of what `more` has. */
    columns?: readonly string[];
    first?: string;
    counted?: string;
    note?: Child;
  };
  type Part = { name: string; count: number; percent: number; tone: string; href?: string };
  type Changed = {
    field: string;
    field_label: string;
    from: string | null;
    from_label: string | null;
    to: string | null;
    to_label: string | null;
  };
}
