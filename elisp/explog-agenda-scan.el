;;; explog-agenda-scan.el --- The experiments of a log for an agenda  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; This file finds the experiments of a log for an agenda, and makes a line
;; for each.  It finds the same experiments as Org's matcher, but that
;; examines every heading.  Here, only headings with the right keyword are
;; examined, and each heading above them once.  The buffer is read as it
;; is, saved or not, and the server is not needed.
;;
;; A line is what Org makes of the heading, after information from the
;; server.  It has all the text properties that agenda commands use, about
;; thirty.  Whenever Org splits a line and joins it again, it copies them
;; for each part; this takes most of its time and makes nearly all of its
;; garbage.  So the properties that all lines of a log share are added last,
;; when the lines are in the agenda buffer.

;;; Code:

(require 'cl-lib)
(require 'explog-base)
(require 'explog-heading)
(require 'org)
(require 'org-agenda)
(require 'seq)

;;;; Nodes

(cl-defstruct (explog-agenda-facts (:type vector) (:constructor nil) (:copier nil))
  "The progress of an experiment, as the server sends it.
TICKED is the number of ticked boxes among STEPS, the number of steps
with a box.  TOUCHED is the time of the last commit for the experiment,
in seconds since 1970, or nil.  METRIC is the newest value of
`explog-agenda-metric' as text, or nil.  RUNNING says what runs for it,
as \"2:31 node7\", or is nil."
  ident file ticked steps touched metric running)

(cl-defstruct (explog-agenda-node (:constructor explog-agenda-node--make)
                                  (:copier explog-agenda-node--copy))
  "A heading; with level 0, it stands for the whole buffer.
ID is nil if it is not an experiment, and TODO is nil if it has no
keyword.  IDS are the ids of the experiments that contain it, and its
own.  TAGGED, HIDDEN and CATEGORY are inherited; HIDDEN means that
agendas leave it out, because it is archived or commented out.  OWN are
its own tags, and ABOVE are those that it inherits.  DRAWERS are the
properties that occur in the buffer at all."
  position level id todo ids tagged hidden category effort own above drawers)

;;;; Search

(cl-defun explog-agenda-scan (keywords visit &key start end ids)
  "Call VISIT with the node of each experiment to show, in order.
Point is then at the beginning of its heading.

KEYWORDS is a list of TODO keywords, one of which an experiment must
have, or t for all experiments.  START and END limit where headings
begin; what is above them is taken into account all the same.  IDS is nil
or a hash table whose keys are the ids of the experiments to show.
Archived and commented subtrees are skipped, and what the user's skip
functions skip."
  (org-with-wide-buffer
   (when-let ((regexp (explog-agenda-scan--regexp keywords)))
     (let ((path (list (explog-agenda-scan--root))))
       (goto-char (or start (point-min)))
       (while (let ((case-fold-search nil))
                (re-search-forward regexp end t))
         (goto-char (match-beginning 0))
         (let ((next (explog-agenda-scan--skip)))
           (unless next
             (when (and (explog-heading-maybe-id-p)
                        (or (not ids) (gethash (explog-heading-id) ids)))
               (setq path (explog-agenda-scan--enter path))
               (explog-agenda-scan--show (car path) visit)))
           (goto-char (max (or next 0) (line-end-position)))))))))

(defun explog-agenda-scan--skip ()
  "Return where to continue according to the user's skip functions, or nil."
  (or (org-agenda-skip-eval org-agenda-skip-function-global)
      (org-agenda-skip-eval org-agenda-skip-function)))

(defun explog-agenda-scan--regexp (keywords)
  "Return a regexp for headings with one of KEYWORDS, or for all if that is t.
Return nil if no heading of this buffer can have one."
  (if (eq keywords t)
      "^\\*+ "
    (when-let ((known (seq-filter (lambda (keyword) (member keyword org-todo-keywords-1))
                                  keywords)))
      (format "^\\*+ +%s\\(?:[ \t]\\|$\\)" (regexp-opt known t)))))

(defun explog-agenda-scan--show (node visit)
  "Call VISIT with NODE, at point, if agendas show it."
  (when (and (explog-agenda-node-id node)
             (not (explog-agenda-node-hidden node)))
    (save-excursion
      (funcall visit node))))

;;;; Making nodes

(defun explog-agenda-scan--enter (path)
  "Return the path to the heading at point.
A path is a list of nodes: that of the heading, those of the headings
above it, and that of the buffer.  PATH is the path to the heading of the
previous call."
  (let* ((start (point))
         (level (explog-heading-level))
         (before (explog-agenda-node-position (car path)))
         (new (list start)))
    ;; Headings above this one that are not in PATH are after the heading
    ;; of the previous call, so no part of the buffer is searched twice.
    (while (and (> level 1)
                (re-search-backward (format "^\\*\\{1,%d\\} " (1- level)) before t)
                (/= (point) before))
      (setq level (explog-heading-level))
      (push (point) new))
    (while (>= (explog-agenda-node-level (car path)) level)
      (pop path))
    (dolist (position new path)
      (goto-char position)
      (push (explog-agenda-scan--node (car path)) path))))

(defun explog-agenda-scan--root ()
  "Return the node of the buffer."
  (pcase-let ((`(,tagged ,category ,drawers) (explog-agenda-scan--whole)))
    (explog-agenda-node--make
     :position (1- (point-min))
     :level 0
     :tagged tagged
     :hidden (explog-agenda-scan--archived-p org-file-tags)
     :category category
     :own org-file-tags
     :drawers drawers)))

(defun explog-agenda-scan--node (parent)
  "Return the node of the heading at point; PARENT is the node above it."
  (let* ((node (explog-agenda-node--copy parent))
         (ids (explog-agenda-node-ids parent))
         (tagged (or (explog-agenda-node-tagged parent)
                     (explog-heading-tagged-p (explog-heading-text))))
         (id (and tagged (explog-heading-id-beneath ids t)))
         (own (explog-agenda-scan--own-tags)))
    (setf (explog-agenda-node-position node) (point)
          (explog-agenda-node-level node) (explog-heading-level)
          (explog-agenda-node-tagged node) tagged
          (explog-agenda-node-id node) id
          (explog-agenda-node-ids node) (if id (cons id ids) ids)
          (explog-agenda-node-own node) own
          (explog-agenda-node-above node) (append (explog-agenda-node-above parent)
                                                  (explog-agenda-node-own parent)))
    (explog-agenda-scan--look-at node)
    (when (explog-agenda-node-drawers node)
      (explog-agenda-scan--take-properties node))
    node))

(defun explog-agenda-scan--look-at (node)
  "Set the keyword of NODE, and whether it is hidden, from the heading at point."
  (let ((case-fold-search nil))
    (looking-at org-complex-heading-regexp))
  (setf (explog-agenda-node-todo node) (match-string-no-properties 2))
  (unless (explog-agenda-node-hidden node)
    (setf (explog-agenda-node-hidden node)
          (or (explog-agenda-scan--archived-p (explog-agenda-node-own node))
              (and org-agenda-skip-comment-trees
                   (match-beginning 4)
                   (let ((case-fold-search nil))
                     (string-match-p (concat "\\`" org-comment-string "\\(?: \\|\\'\\)")
                                     (match-string-no-properties 4))))))))

(defun explog-agenda-scan--take-properties (node)
  "Set the category and the effort of NODE from its drawer."
  (let ((properties (explog-heading-properties)))
    (setf (explog-agenda-node-effort node)
          (cdr (assoc (upcase org-effort-property) properties)))
    (when-let ((category (cdr (assoc "CATEGORY" properties))))
      (setf (explog-agenda-node-category node) category))))

;;;; Tags

(defun explog-agenda-scan--own-tags ()
  "Return the tags in the heading at point."
  (and (looking-at org-tag-line-re)
       (split-string (match-string-no-properties 2) ":" t)))

(defun explog-agenda-scan--archived-p (tags)
  "Return non-nil if TAGS make a heading archived, so that it is not shown."
  (and org-agenda-skip-archived-trees
       (not org-agenda-archives-mode)
       (member org-archive-tag tags)))

(defun explog-agenda-node-all-tags (node)
  "Return all tags of NODE, whatever Org's options for inheritance are."
  (append (explog-agenda-node-above node) (explog-agenda-node-own node)))

(defun explog-agenda-node-tags (node)
  "Return the tags of NODE as `org-get-tags' does."
  (let ((own (explog-agenda-node-own node)))
    (if (not org-use-tag-inheritance)
        own
      (nreverse
       (delete-dups
        (nreverse
         (append (org-remove-uninherited-tags
                  (mapcar #'org-add-prop-inherited (explog-agenda-node-above node)))
                 own nil)))))))

;;;; File-wide settings

(defvar-local explog-agenda-scan--whole nil
  "What `explog-agenda-scan--whole' returned last, behind what it depends on.")

(defun explog-agenda-scan--whole ()
  "Return (TAGGED CATEGORY DRAWERS) for the node of this buffer.
The buffer is searched for it once, as long as it stays as it is."
  (let ((key (list (buffer-chars-modified-tick) explog-tag org-category
                   org-effort-property buffer-file-name)))
    (unless (equal key (car explog-agenda-scan--whole))
      (setq explog-agenda-scan--whole
            (list key
                  (explog-heading-file-tagged-p)
                  (explog-agenda-scan--file-category)
                  (seq-filter (lambda (name)
                                (explog-agenda-scan-occurs-p (concat ":" name)))
                              (list "CATEGORY" (upcase org-effort-property))))))
    (cdr explog-agenda-scan--whole)))

(defun explog-agenda-scan-occurs-p (text &optional end)
  "Return non-nil if TEXT, ignoring case, occurs in the buffer before END."
  (let ((case-fold-search t))
    (save-excursion
      (goto-char (point-min))
      (search-forward text end t))))

(defun explog-agenda-scan--file-category ()
  "Return the category of headings that set none."
  (save-excursion
    (goto-char (point-min))
    (cond ((explog-agenda-scan-occurs-p
            ":CATEGORY" (save-excursion (and (re-search-forward "^\\*+ " nil t) (point))))
           (org-get-category (point-min) t)) ; a drawer before the first heading
          ((explog-agenda-scan--category-keyword))
          (org-category (format "%s" org-category))
          (buffer-file-name (file-name-base buffer-file-name))
          (t "???"))))

(defun explog-agenda-scan--category-keyword ()
  "Return the value of the last `#+CATEGORY:' line, or nil."
  (let ((case-fold-search t) found)
    (save-excursion
      (goto-char (point-max))
      (while (and (not found) (search-backward "#+category:" nil t))
        (save-excursion
          (beginning-of-line)
          (when (looking-at "[ \t]*#\\+category:[ \t]*\\(.*?\\)[ \t]*$")
            (setq found (match-string-no-properties 1))))))
    found))

;;;; Lines

(defcustom explog-agenda-extra-format "%7p %5d %i"
  "What an agenda shows of an experiment beside its heading.
`%p' is the progress, like [1/3] if one of three steps is done.  `%d' is
how many days ago the last commit for the experiment was made, like 12d.
`%i' is the id in brackets if the heading does not contain it.  A number
before the letter is the width.  `%m' is the newest value of
`explog-agenda-metric'; if that is set and `%m' is missing here, it is
added.  `%p', `%d' and `%m' come from the server, and are blank if it does
not run."
  :type 'string
  :group 'explog)

(defcustom explog-agenda-metric nil
  "The metric that agendas show of each experiment, like \"acc\"; nil for none.
It is read at the newest results commit of the experiment that has it."
  :type '(choice (const :tag "None" nil) string)
  :group 'explog)

;;;; Making lines

(defvar explog-agenda-entry--today nil
  "The beginning of today in seconds since 1970, while lines are made.")

(defun explog-agenda-entry-make (nodes facts)
  "Return lines for NODES of this buffer, for `explog-agenda-entry-insert'.
FACTS is the value of `explog-agenda-query-facts', or nil."
  (let ((explog-agenda-entry--today (explog-agenda-entry--midnight))
        (format (explog-agenda-entry--extra-format))
        (common (append '(face default)
                        (and (explog-agenda-entry--whole-p)
                             (explog-agenda-entry--common)))))
    (org-with-wide-buffer
     (mapcar (lambda (node)
               (goto-char (explog-agenda-node-position node))
               (explog-agenda-entry--line
                node (explog-agenda-entry--fact node facts) format common))
             nodes))))

(defun explog-agenda-entry--midnight ()
  "Return the beginning of today in seconds since 1970."
  (pcase-let ((`(,_ ,_ ,_ ,day ,month ,year . ,_) (decode-time)))
    (time-convert (encode-time (list 0 0 0 day month year nil -1 nil)) 'integer)))

(defun explog-agenda-entry--line (node fact format common)
  "Return the line for NODE, whose heading is at point.
FACT is an `explog-agenda-facts', or nil.  FORMAT is as of
`explog-agenda-entry--extra-format', and COMMON are text properties."
  (let* ((own (explog-agenda-entry--own node))
         (heading (apply #'propertize (explog-agenda-entry--heading node) own))
         (stamp (org-agenda-entry-get-agenda-timestamp (point)))
         (level (org-reduced-level (explog-agenda-node-level node)))
         (line (org-agenda-format-item
                (explog-agenda-entry--extra format node fact heading)
                heading (make-string level ?\s)
                (explog-agenda-node-category node)
                (explog-agenda-node-tags node)))
         (marker (org-agenda-new-marker)))
    (add-text-properties
     0 (length line)
     `( org-marker ,marker
        org-hd-marker ,marker
        todo-state ,(explog-agenda-node-todo node)
        ts-date ,(car stamp)
        priority ,(explog-agenda-entry--priority line)
        type ,(concat "tagsmatch" (cdr stamp))
        explog-id ,(explog-agenda-node-id node)
        ,@own ,@common)
     line)
    line))

(defun explog-agenda-entry--heading (node)
  "Return the heading of NODE, at point, as `org-get-heading' does.
It has no text properties, because Org adds new ones."
  (let ((case-fold-search nil))
    (looking-at org-complex-heading-regexp))
  (concat (and (eq org-tags-match-list-sublevels 'indented)
               (make-string (1- (org-reduced-level (explog-agenda-node-level node))) ?.))
          (mapconcat #'identity
                     (delq nil (list (match-string-no-properties 2)
                                     (match-string-no-properties 3)
                                     (or (match-string-no-properties 4) "")
                                     (match-string-no-properties 5)))
                     " ")))

(defun explog-agenda-entry--own (node)
  "Return the text properties of NODE by which Org may sort and show it."
  (let ((effort (explog-agenda-node-effort node))
        (cookie (get-text-property (line-end-position) 'org-stats)))
    (append (and cookie (list 'org-stats cookie))
            (and effort
                 (list 'effort effort
                       'effort-minutes
                       (ignore-errors (org-duration-to-minutes effort)))))))

(defun explog-agenda-entry--priority (line)
  "Return the priority of LINE as `org-get-priority' does.
That function takes 0.1 ms for a line without a priority."
  (org-get-priority (if (or (functionp org-priority-get-priority-function)
                            (string-search "[#" line))
                        line
                      "")))

(defun explog-agenda-entry--whole-p ()
  "Return non-nil if lines need all their text properties from the start.
That is so if the user sorts or filters by a function or by text, or has
changed how keywords are shown."
  (or org-agenda-before-sorting-filter-function
      (not (member org-agenda-todo-keyword-format '("%-1s" "%s")))
      (explog-agenda-entry-sorts-by-p 'alpha-up 'alpha-down
                                      'user-defined-up 'user-defined-down)))

(defun explog-agenda-entry-sorts-by-p (&rest criteria)
  "Return non-nil if this agenda is sorted by one of CRITERIA."
  (seq-some (lambda (criterion) (memq criterion org-agenda-sorting-strategy-selected))
            criteria))

(defun explog-agenda-entry--common ()
  "Return the text properties that all lines of this log share.
`explog-agenda-entry-insert' adds them, unless
`explog-agenda-entry--whole-p'."
  (list 'done-face 'org-agenda-done
        'undone-face 'default
        'mouse-face 'highlight
        'org-not-done-regexp org-not-done-regexp
        'org-todo-regexp org-todo-regexp
        'org-complex-heading-regexp org-complex-heading-regexp
        'help-echo (format "mouse-2 or RET jump to Org file %S"
                           (abbreviate-file-name
                            (or (buffer-file-name (buffer-base-buffer))
                                (buffer-name (buffer-base-buffer)))))))

;;;; Information from the server

(defconst explog-agenda-entry--spec-regexp "%\\(-?[0-9]*\\)\\([pdim]\\)"
  "Matches what is replaced in `explog-agenda-extra-format'.")

(defun explog-agenda-entry-needs-facts-p ()
  "Return non-nil if the lines show information from the server."
  (seq-intersection '("p" "d" "m") (cdr (explog-agenda-entry--extra-format))))

(defun explog-agenda-entry--extra-format ()
  "Return `explog-agenda-extra-format' as (FORMAT LETTER...), for `format'."
  (let (letters)
    (cons (replace-regexp-in-string
           explog-agenda-entry--spec-regexp
           (lambda (spec)
             (push (substring spec -1) letters)
             (concat (substring spec 0 -1) "s"))
           (explog-agenda-entry--format) t t)
          (nreverse letters))))

(defun explog-agenda-entry--format ()
  "Return `explog-agenda-extra-format', with `%m' if a metric is chosen."
  (if (and explog-agenda-metric
           (not (string-match-p "%-?[0-9]*m" explog-agenda-extra-format)))
      (concat explog-agenda-extra-format " %m ")
    explog-agenda-extra-format))

(defun explog-agenda-entry--fact (node facts)
  "Return the `explog-agenda-facts' of NODE in FACTS, or nil.
If several logs have its id, return those of this log."
  (when-let ((rows (and facts (gethash (explog-agenda-node-id node) facts))))
    (or (and (cdr rows)
             (seq-find (lambda (row)
                         (equal (file-truename (explog-agenda-facts-file row))
                                (expand-file-name buffer-file-truename)))
                       rows))
        (car rows))))

(defun explog-agenda-entry--extra (format node fact heading)
  "Return the text beside the HEADING of NODE in its line.
FORMAT is as of `explog-agenda-entry--extra-format'.  FACT is an
`explog-agenda-facts', or nil."
  (concat
   (apply #'format (car format)
          (mapcar (lambda (letter)
                    (pcase letter
                      ("p" (explog-agenda-entry--progress fact))
                      ("d" (explog-agenda-entry--days fact))
                      ("m" (or (and fact (explog-agenda-facts-metric fact)) ""))
                      (_ (explog-agenda-entry--missing-id node heading))))
                  (cdr format)))
   (when-let ((running (and fact (explog-agenda-facts-running fact))))
     (explog-running-text running " "))))

(defun explog-agenda-entry--progress (fact)
  "Return the progress in FACT, like [1/3], or an empty string."
  (if (and fact (> (explog-agenda-facts-steps fact) 0))
      (format "[%d/%d]" (explog-agenda-facts-ticked fact) (explog-agenda-facts-steps fact))
    ""))

(defun explog-agenda-entry--days (fact)
  "Return the days since the last commit in FACT, like 12d, or - if none."
  (if-let ((touched (and fact (explog-agenda-facts-touched fact))))
      (format "%dd" (max 0 (ceiling (- explog-agenda-entry--today touched) 86400)))
    (if fact "-" "")))

(defun explog-agenda-entry--missing-id (node heading)
  "Return the id of NODE in brackets, or an empty string if HEADING has it."
  (let ((id (explog-agenda-node-id node)))
    (if (or (string-search (concat "[" id "]") heading)
            (string-search (concat "<<" id ">>") heading))
        ""
      (concat "[" id "] "))))

;;;; Inserting lines

(defun explog-agenda-entry-insert (lines)
  "Insert LINES of `explog-agenda-entry-make' at point, sorted by Org.
Return non-nil if their tags are aligned already."
  (let ((whole (explog-agenda-entry--whole-p))
        (start (point))
        aligned)
    (insert (org-agenda-finalize-entries lines 'tags) "\n")
    (save-excursion
      (save-restriction
        (narrow-to-region start (point))
        (when (setq aligned (explog-agenda-entry--alignable-p))
          (org-agenda-align-tags))
        (unless whole
          (explog-agenda-entry--dress))))
    aligned))

(defun explog-agenda-entry--alignable-p ()
  "Return non-nil if tags in this buffer may be aligned now.
Bracket links must be hidden first, and in an agenda of several blocks
Org aligns at the end.  Other links are better made later: Org recognizes
by the face of a tag that it is not a link."
  (not (or org-agenda-multi
           (eq org-agenda-remove-tags t)
           (progn (goto-char (point-min))
                  (search-forward "[[" nil t)))))

(defun explog-agenda-entry--dress ()
  "Add the shared text properties to the lines of this buffer."
  (let ((org-done-keywords org-done-keywords-for-agenda)
        (common nil))                   ; alist of buffers and text properties
    (goto-char (point-min))
    (while (not (eobp))
      (when-let ((marker (get-text-property (point) 'org-hd-marker))
                 (buffer (marker-buffer marker)))
        (unless (assq buffer common)
          (push (cons buffer (with-current-buffer buffer
                               (explog-agenda-entry--common)))
                common))
        (add-text-properties (point) (line-end-position)
                             (cdr (assq buffer common)))
        (explog-agenda-entry--show-keyword (get-text-property (point) 'todo-state)))
      (forward-line))))

(defun explog-agenda-entry--show-keyword (keyword)
  "Give KEYWORD of the line at point its face; do nothing if it is nil."
  (let ((start (text-property-any (point) (line-end-position) 'org-heading t)))
    (when (and keyword start)
      (goto-char start)
      (skip-chars-forward ".")
      (put-text-property (point) (min (+ (point) (length keyword)) (line-end-position))
                         'face (org-get-todo-face keyword)))))

(provide 'explog-agenda-scan)
;;; explog-agenda-scan.el ends here
