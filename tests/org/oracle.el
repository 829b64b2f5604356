;;; oracle.el --- What org itself makes of a text -*- lexical-binding: t; -*-

;;; Commentary:

;; Answers the questions {"do": "lists", "text": TEXT}, {"do": "tick", "text": TEXT, "line": LINE}
;; and {"do": "repair", "text": TEXT}; see answer.el.  Lines count from 0.

;;; Code:

(require 'org)
(require 'org-element)
(require 'org-list)

(defconst oracle-opaque '(drawer property-drawer quote-block center-block special-block dynamic-block)
  "Elements whose lists explog leaves alone.")

(defun oracle-one (question)
  "Answer QUESTION."
  (with-temp-buffer
    (insert (plist-get question :text))
    ;; org would also move the tags of a heading whose cookie grew; that is layout, and we leave it.
    (let ((inhibit-message t) (org-inhibit-startup t) (org-auto-align-tags nil))
      (org-mode)
      (pcase (plist-get question :do)
        ("lists" (vconcat (oracle-items)))
        ("repair" (oracle-repair))
        ("tick" (oracle-tick (plist-get question :line)))
        ("keywords" (list :open (vconcat org-not-done-keywords) :done (vconcat org-done-keywords)))
        ("ids" (vconcat (oracle-headings)))))))

(defun oracle-line (position)
  "Return the line of POSITION, counted from 0."
  (1- (line-number-at-pos position)))

(defun oracle-get (property element)
  "Return PROPERTY of ELEMENT."
  (org-element-property property element))

(defun oracle-items ()
  "Return the items of the buffer that stand in no drawer or block."
  (let (items)
    (org-element-map (org-element-parse-buffer 'element) 'item
      (lambda (item)
        (unless (org-element-lineage item oracle-opaque)
          (push (oracle-item item) items))))
    (nreverse items)))

(defun oracle-item (item)
  "Return a plist on ITEM."
  (let* ((begin (oracle-get :begin item))
         (known (cdr (assq begin (oracle-get :structure item))))
         (plain (org-element-lineage item '(plain-list)))
         (parent (org-element-lineage item '(item)))
         (first (car (org-element-contents item)))
         (line (oracle-line begin)))
    (list :line line
          :indent (nth 0 known)
          :bullet (string-trim (nth 1 known))
          :counter (nth 2 known)
          :box (nth 3 known)
          :list (oracle-line (oracle-get :post-affiliated plain))
          :parent (and parent (oracle-line (oracle-get :begin parent)))
          :paragraph (if (and (eq 'paragraph (org-element-type first))
                              (<= (oracle-line (oracle-get :post-affiliated first)) (1+ line))
                              (= (oracle-get :begin first) (oracle-get :post-affiliated first)))
                         (oracle-line (1- (oracle-get :contents-end first)))
                       line))))

(defun oracle-repair ()
  "Return the buffer after org has set its lists right."
  (goto-char (point-min))
  (while (re-search-forward (org-item-beginning-re) nil t)
    (beginning-of-line)
    (org-list-repair)
    (goto-char (org-list-get-bottom-point (org-list-struct))))
  (buffer-string))

(defun oracle-settle ()
  "Make the boxes and cookies of the buffer such as org itself would have them."
  (goto-char (point-min))
  (let ((seen -1))
    (while (re-search-forward (org-item-beginning-re) nil t)
      (beginning-of-line)
      (if (or (<= (point) seen) (not (org-at-item-p)))
          (forward-line)
        (let* ((struct (org-list-struct)) (old (copy-tree struct)))
          (org-list-struct-fix-box
           struct (org-list-parents-alist struct) (org-list-prevs-alist struct))
          (org-list-struct-apply-struct struct old)
          (setq seen (point))
          (forward-line)))))
  (goto-char (point-min))
  (while (re-search-forward "^\\*+ " nil t)
    (org-update-checkbox-count)))

(defun oracle-tick (line)
  "Return the buffer before and after the box at LINE is ticked; after is nil if it was not."
  (oracle-settle)
  (let ((before (buffer-string)))
    (goto-char (point-min))
    (forward-line line)
    (list :before before
          :after (if (let ((case-fold-search nil))
                       (looking-at ".*?\\[X\\]"))
                     nil
                   (condition-case nil
                       (progn (org-toggle-checkbox) (buffer-string))
                     (error before))))))

(provide 'oracle)
;;; oracle.el ends here
