;;; explog-agenda-scan.el --- Find the experiments that an agenda shows  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; Which experiments of a log an agenda shows, and what it must know of
;; each.  They are those that org's matcher finds, but that looks closely
;; at every heading.  Here the headings with the right keyword are
;; searched for, those alone are looked at, and what is above them once.
;;
;; It reads the buffer as it is, saved or not, and needs no server.

;;; Code:

(require 'cl-lib)
(require 'org)
(require 'org-agenda)
(require 'explog)
(require 'explog-heading)
(require 'seq)

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

(provide 'explog-agenda-scan)
;;; explog-agenda-scan.el ends here
