;;; explog-agenda-scan.el --- The experiments of a log for an agenda  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; Which experiments of a log an agenda shows, and the line of each.  They
;; are those that org's matcher finds, but that looks closely at every
;; heading.  Here the headings with the right keyword are searched for,
;; those alone are looked at, and what is above them once.  It reads the
;; buffer as it is, saved or not, and needs no server.
;;
;; A line is the one that org makes of a heading, with what the server
;; knows before it, and with all the text properties that the commands of
;; an agenda go by.  These are some thirty, and each time that org takes a
;; line apart and puts it together it copies them for every part: most of
;; its time, and nearly all its garbage.  So those that are the same in all
;; lines of a log are put on last, when the lines are in the buffer.

;;; Code:

(require 'cl-lib)
(require 'explog-base)
(require 'explog-heading)
(require 'org)
(require 'org-agenda)
(require 'seq)

;;;; Headings

(cl-defstruct (explog-agenda-facts (:type vector) (:constructor nil) (:copier nil))
  "How far an experiment is, as the server sends it.
TICKED of the STEPS that have a box are ticked.  TOUCHED is when the last
commit for it was made, in seconds since 1970, or nil."
  ident file ticked steps touched)

(cl-defstruct (explog-agenda-node (:constructor explog-agenda-node--make)
                                  (:copier explog-agenda-node--copy))
  "A heading, or with level 0 the whole buffer.
ID and TODO are nil if it is no experiment, or has no keyword.  IDS are
those of the experiments that it is or is beneath.  TAGGED, HIDDEN (from
agendas, as it is archived or commented out) and CATEGORY hold for all
beneath it.  OWN are its tags, and ABOVE those of all that it is
beneath; DRAWERS says which properties are worth looking for."
  position level id todo ids tagged hidden category effort own above drawers)

;;;; All of a buffer

(cl-defun explog-agenda-scan (keywords visit &key start end ids)
  "Call VISIT with the node of each experiment to show in an agenda, in order.
Point is then where its heading begins.

KEYWORDS is a list of TODO keywords, of which an experiment must have
one, or t for all experiments.  START and END limit where headings
begin; what is above them counts all the same.  IDS, if non-nil, is a
table that has the ids as keys of experiments to show.  What org skips in an
agenda is skipped: archived and commented subtrees, and what the skip
functions of the user say."
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
  "Return where to go on by the skip functions of the user, or nil."
  (or (org-agenda-skip-eval org-agenda-skip-function-global)
      (org-agenda-skip-eval org-agenda-skip-function)))

(defun explog-agenda-scan--regexp (keywords)
  "Return what matches the headings with one of KEYWORDS, or all if that is t.
Return nil if no heading of this buffer can have one."
  (if (eq keywords t)
      "^\\*+ "
    (when-let ((known (seq-filter (lambda (keyword) (member keyword org-todo-keywords-1))
                                  keywords)))
      (format "^\\*+ +%s\\(?:[ \t]\\|$\\)" (regexp-opt known t)))))

(defun explog-agenda-scan--show (node visit)
  "Call VISIT with NODE, at point, if it is to be shown in an agenda."
  (when (and (explog-agenda-node-id node)
             (not (explog-agenda-node-hidden node)))
    (save-excursion
      (funcall visit node))))

;;;; Nodes, and what is above them

(defun explog-agenda-scan--enter (path)
  "Return the path to the heading at point.
That is its node and those of what is above it, the innermost first, the
last being that of the buffer.  PATH is that of the heading that was
looked at before, or the last node alone."
  (let* ((start (point))
         (level (explog-heading-level))
         (before (explog-agenda-node-position (car path)))
         (new (list start)))
    ;; Whatever is above this heading and not in PATH is behind the
    ;; heading before, so that no part of the buffer is searched often.
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
  "Return the node of the heading at point, which is beneath the node PARENT."
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
  "Put into NODE what org sees in the heading at point."
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
  "Put into NODE the category and the effort in its drawer."
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
  "Return non-nil if what has TAGS is archived, and so not shown."
  (and org-agenda-skip-archived-trees
       (not org-agenda-archives-mode)
       (member org-archive-tag tags)))

(defun explog-agenda-node-all-tags (node)
  "Return all tags of NODE, whatever options of org limit inheritance."
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

;;;; The whole buffer

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
  "Return non-nil if TEXT, in whatever case, is in the buffer before END."
  (let ((case-fold-search t))
    (save-excursion
      (goto-char (point-min))
      (search-forward text end t))))

(defun explog-agenda-scan--file-category ()
  "Return the category of what has none of its own."
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
  "Return the value of the last line `#+CATEGORY:', or nil."
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
  "What an agenda tells of an experiment beside its heading.
In this, `%p' is the progress, as [1/3] for one of three steps done,
`%d' how many days ago the last commit was made that refers to it, as
12d, and `%i' the id in brackets if it is not in the heading.  A number
before the letter is the width.  `%p' and `%d' are what the server knows,
and are left blank without one."
  :type 'string
  :group 'explog)

;;;; Making lines

(defvar explog-agenda-entry--today nil
  "When today began, in seconds since 1970, while lines are made.")

(defun explog-agenda-entry-make (nodes facts)
  "Return the lines for NODES of this buffer, for `explog-agenda-entry-insert'.
FACTS is what the server knows, or nil."
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
  "Return when today began, in seconds since 1970."
  (pcase-let ((`(,_ ,_ ,_ ,day ,month ,year . ,_) (decode-time)))
    (time-convert (encode-time (list 0 0 0 day month year nil -1 nil)) 'integer)))

(defun explog-agenda-entry--line (node fact format common)
  "Return the line for NODE, whose heading is at point.
FACT is the server's row for it, or nil; FORMAT is from
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
  "Return the heading of NODE, which is at point, as `org-get-heading' does.
It has no text properties: org gives it new ones."
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
  "Return the text properties by which org may sort and show NODE, if it has any."
  (let ((effort (explog-agenda-node-effort node))
        (cookie (get-text-property (line-end-position) 'org-stats)))
    (append (and cookie (list 'org-stats cookie))
            (and effort
                 (list 'effort effort
                       'effort-minutes
                       (ignore-errors (org-duration-to-minutes effort)))))))

(defun explog-agenda-entry--priority (line)
  "Return the priority of LINE as `org-get-priority' does.
That takes 0.1 ms for a line that has none."
  (org-get-priority (if (or (functionp org-priority-get-priority-function)
                            (string-search "[#" line))
                        line
                      "")))

(defun explog-agenda-entry--whole-p ()
  "Return non-nil if lines need all their text properties at once.
The user may sort or filter by a function, or by what is behind the
keyword, or have the keyword shown in another way."
  (or org-agenda-before-sorting-filter-function
      (not (member org-agenda-todo-keyword-format '("%-1s" "%s")))
      (explog-agenda-entry-sorts-by-p 'alpha-up 'alpha-down
                                      'user-defined-up 'user-defined-down)))

(defun explog-agenda-entry-sorts-by-p (&rest criteria)
  "Return non-nil if this agenda is sorted by one of CRITERIA."
  (seq-some (lambda (criterion) (memq criterion org-agenda-sorting-strategy-selected))
            criteria))

(defun explog-agenda-entry--common ()
  "Return the text properties that all lines of this buffer have.
They are in no line but by `explog-agenda-entry-insert', unless
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

;;;; What the server knows

(defconst explog-agenda-entry--spec-regexp "%\\(-?[0-9]*\\)\\([pdi]\\)"
  "Matches what is replaced in `explog-agenda-extra-format'.")

(defun explog-agenda-entry-needs-facts-p ()
  "Return non-nil if something is shown that the server alone knows."
  (seq-intersection '("p" "d") (cdr (explog-agenda-entry--extra-format))))

(defun explog-agenda-entry--extra-format ()
  "Return `explog-agenda-extra-format' as (FORMAT LETTER...), for `format'."
  (let (letters)
    (cons (replace-regexp-in-string
           explog-agenda-entry--spec-regexp
           (lambda (spec)
             (push (substring spec -1) letters)
             (concat (substring spec 0 -1) "s"))
           explog-agenda-extra-format t t)
          (nreverse letters))))

(defun explog-agenda-entry--fact (node facts)
  "Return the `explog-agenda-facts' of NODE in FACTS, or nil.
Where several logs have its id, it is that of this one."
  (when-let ((rows (and facts (gethash (explog-agenda-node-id node) facts))))
    (or (and (cdr rows)
             (seq-find (lambda (row)
                         (equal (file-truename (explog-agenda-facts-file row))
                                (expand-file-name buffer-file-truename)))
                       rows))
        (car rows))))

(defun explog-agenda-entry--extra (format node fact heading)
  "Return what is told of NODE beside its HEADING, in FORMAT.
That is from `explog-agenda-entry--extra-format'.  FACT is an
`explog-agenda-facts', or nil."
  (apply #'format (car format)
         (mapcar (lambda (letter)
                   (pcase letter
                     ("p" (explog-agenda-entry--progress fact))
                     ("d" (explog-agenda-entry--days fact))
                     (_ (explog-agenda-entry--missing-id node heading))))
                 (cdr format))))

(defun explog-agenda-entry--progress (fact)
  "Return the progress by FACT, as [1/3], or the empty string."
  (if (and fact (> (explog-agenda-facts-steps fact) 0))
      (format "[%d/%d]" (explog-agenda-facts-ticked fact) (explog-agenda-facts-steps fact))
    ""))

(defun explog-agenda-entry--days (fact)
  "Return how many days ago the last commit was by FACT, as 12d, or - for none."
  (if-let ((touched (and fact (explog-agenda-facts-touched fact))))
      (format "%dd" (max 0 (ceiling (- explog-agenda-entry--today touched) 86400)))
    (if fact "-" "")))

(defun explog-agenda-entry--missing-id (node heading)
  "Return the id of NODE in brackets, or the empty string if it is in HEADING."
  (let ((id (explog-agenda-node-id node)))
    (if (or (string-search (concat "[" id "]") heading)
            (string-search (concat "<<" id ">>") heading))
        ""
      (concat "[" id "] "))))

;;;; In the agenda buffer

(defun explog-agenda-entry-insert (lines)
  "Insert LINES of `explog-agenda-entry-make' as org wants them at point.
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
  "Return non-nil if tags in this buffer may be aligned before anything else.
Links in brackets come first, as a part of each is hidden then; and in
an agenda of several blocks org does it at the end.  Other links had
better come later: by the face of a tag org sees that it is none."
  (not (or org-agenda-multi
           (eq org-agenda-remove-tags t)
           (progn (goto-char (point-min))
                  (search-forward "[[" nil t)))))

(defun explog-agenda-entry--dress ()
  "Put on the lines of this buffer what is common to all of a log."
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
  "Give KEYWORD, the TODO keyword of the line at point or nil, its face."
  (let ((start (text-property-any (point) (line-end-position) 'org-heading t)))
    (when (and keyword start)
      (goto-char start)
      (skip-chars-forward ".")
      (put-text-property (point) (min (+ (point) (length keyword)) (line-end-position))
                         'face (org-get-todo-face keyword)))))

(provide 'explog-agenda-scan)
;;; explog-agenda-scan.el ends here
